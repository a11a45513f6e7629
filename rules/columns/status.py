"""Classes of status codes: what a device says of a value beside good and bad.

`status` holds what the protocol sent: an OPC UA StatusCode, whose upper half is the code and whose lower half are info
bits, or a Modbus exception code (1 to 11), which has an empty upper half and so is in no class.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

CODE_BITS: Final = 0xFFFF0000
"""Severity and sub-code (OPC 10000-4, 7.39); the rest says limit, overflow, structure changed."""

GOOD_LOCAL_OVERRIDE: Final = 0x00960000
UNCERTAIN_SUBSTITUTE_VALUE: Final = 0x40910000
UNCERTAIN_TRANSDUCER_IN_MANUAL: Final = 0x42080000
UNCERTAIN_SIMULATED_VALUE: Final = 0x42090000
FORCED: Final = (
    GOOD_LOCAL_OVERRIDE,
    UNCERTAIN_SUBSTITUTE_VALUE,
    UNCERTAIN_TRANSDUCER_IN_MANUAL,
    UNCERTAIN_SIMULATED_VALUE,
)
"""Somebody or something put the value in place of the measured one."""

UNCERTAIN_ENGINEERING_UNITS_EXCEEDED: Final = 0x40940000
UNCERTAIN_OVER_RANGE: Final = 0x40F20000
UNCERTAIN_UNDER_RANGE: Final = 0x40F30000
SATURATED: Final = (UNCERTAIN_ENGINEERING_UNITS_EXCEEDED, UNCERTAIN_OVER_RANGE, UNCERTAIN_UNDER_RANGE)
"""The signal stands beyond what it can measure: NE 43 between 3.6 and 3.8 or 20.5 and 21 mA."""

BAD_OUT_OF_RANGE: Final = 0x803C0000
BAD_SENSOR_FAILURE: Final = 0x808C0000
SIGNAL_FAILED: Final = (BAD_OUT_OF_RANGE, BAD_SENSOR_FAILURE)
"""The signal says that its sensor failed: NE 43 at 3.6 mA and below, at 21 mA and above."""

OUT_OF_BAND: Final = (*SATURATED, *SIGNAL_FAILED)


def is_of(status: npt.NDArray[np.uint32], codes: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Tell where the status is one of `codes`, whatever its info bits say; bool of the same shape."""
    code = status & np.uint32(CODE_BITS)
    found = np.zeros(status.shape, np.bool_)
    for one in codes:
        found |= code == np.uint32(one)
    return found
