"""Characters that nobody sees (Unicode 15, general category Cf, variation selectors and fillers).

They travel in texts that were pasted from formatted ones. In a code they are refused, in a name remarked
upon, and where words are looked for they are passed over.
"""

import re
from typing import Final

INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001-\U000e01ef]"
)
