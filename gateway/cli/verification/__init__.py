"""The work behind `vanthu verify`: one module for each type of file, each of which ends in a `Report`.

Invariants: nothing here touches the network; whatever the file holds, there is a report, and its indication decides the exit;
what could not be decided is never a pass.
"""
