"""Files of our own making: one for each message and each trap met in files of others, and the scripts that build them."""
