"""What can speak against a change of the registry before it is made, and against taking one back.

::

    RegistryError
    ├── ChangeFault       registry.change_fault       one fault of a change set
    ├── ChangeRefused     registry.change_refused     holds every ChangeFault
    └── ChangeOvertaken   registry.change_overtaken   later changes stand on it, so it cannot be taken back

Invariant: a fault says where (row and column as the code administrator sees them, row 0 for none), what stood
there, and why it cannot be, in both languages; `reason` is stable.
"""

from enum import Enum

from routing.errors import RegistryError, RegistryFault


class ChangeReason(Enum):
    """What can be wrong with a change set, in Vietnamese and English; faults of single cells are `RegistryFault`."""

    NOT_JSON = "không phải JSON đúng định dạng", "it is not JSON of the documented form"
    NO_OPERATIONS = "không có thao tác nào", "it holds no operations"
    BAD_VALUE = "giá trị phải là chuỗi, hoặc danh sách chuỗi", "the value has to be text, or a list of texts"
    UNKNOWN_OPERATION = "không có thao tác mang tên này", "there is no operation of this name"
    MISSING_INSTANT = "thiếu thời điểm có hiệu lực", "the moment of effect is missing"
    RETROACTIVE = (
        "thời điểm hiệu lực đã qua; thay đổi hồi tố phải được khai báo rõ",
        "the moment of effect is past; a retroactive change has to be declared as one",
    )
    REPEATED = (
        "dòng khác đã ghi cùng thao tác với mã này tại cùng thời điểm",
        "another row says the same of this code at the same moment",
    )
    CONTRADICTION = (
        "dòng khác ghi thao tác khác với mã này tại cùng thời điểm",
        "another row says something else of this code at the same moment",
    )
    UNKNOWN_CODE = "danh mục không có mã này", "the registry does not have this code"
    NOT_IN_FORCE = "mã không có hiệu lực tại thời điểm đó", "the code is not in force at that moment"
    ALREADY_IN_FORCE = "mã đang có hiệu lực tại thời điểm đó", "the code is in force at that moment already"
    ALREADY_SUSPENDED = "mã đã tạm dừng tại thời điểm đó", "the code is suspended at that moment already"
    NOT_SUSPENDED = "mã không bị tạm dừng tại thời điểm đó", "the code is not suspended at that moment"
    UNCHANGED = "thao tác này không làm thay đổi gì", "the operation would change nothing"
    OVERLAP = (
        "chồng thời gian hiệu lực với một phiên bản sau của mã",
        "it overlaps a later version of the code",
    )
    EMPTY_INTERVAL = (
        "phiên bản hiện có bắt đầu đúng thời điểm đó nên thời gian hiệu lực sẽ rỗng",
        "the version that it would end begins at that very moment, so nothing would be left of it",
    )
    NOT_TAKEN = "thao tác này không nhận giá trị ở cột này", "the operation takes no value in this column"
    SUCCESSOR_UNKNOWN = (
        "danh mục không có cơ quan kế thừa này, và thay đổi này không mở",
        "the registry does not have this successor, and this change does not open it",
    )
    SUCCESSOR_NOT_IN_FORCE = (
        "cơ quan kế thừa không có hiệu lực tại thời điểm đó",
        "the successor is not in force at that moment",
    )
    SUCCESSOR_ENDS = (
        "cơ quan kế thừa kết thúc đúng thời điểm đó",
        "the successor itself ends at that very moment",
    )
    SUCCESSOR_CYCLE = (
        "các cơ quan kế thừa lẫn nhau thành vòng",
        "the successors lead back to this code in a circle",
    )
    SUCCESSOR_SELF = "mã tự kế thừa chính mình", "the code is its own successor"
    SUCCESSOR_REPEATED = "cơ quan kế thừa được ghi hai lần", "the successor is named twice"
    AWAITED_SUCCESSOR = (
        "mã này là cơ quan kế thừa của một mã kết thúc từ thời điểm đó trở đi",
        "a code that ends at that moment or later names this one as its successor",
    )
    PARENT_UNKNOWN = (
        "danh mục không có cơ quan cấp trên này, và thay đổi này không mở",
        "the registry does not have this parent, and this change does not open it",
    )
    PARENT_NOT_IN_FORCE = (
        "cơ quan cấp trên không có hiệu lực tại thời điểm đó",
        "the parent is not in force at that moment",
    )
    PARENT_ENDS = (
        "cơ quan cấp trên kết thúc trước khi đơn vị này kết thúc",
        "the parent ends before this agency does",
    )
    OPEN_CHILDREN = (
        "còn đơn vị trực thuộc có hiệu lực sau thời điểm đó",
        "agencies under it are in force after that moment",
    )
    ALIAS_REPEATED = "mã cũ được ghi hai lần", "the older form is named twice"
    ALIAS_TAKEN = "mã cũ này dẫn tới một cơ quan khác", "this older form leads to another agency"
    ALIAS_IS_CODE = "mã cũ này là mã của một cơ quan", "this older form is the code of an agency"
    CODE_IS_ALIAS = "mã này là mã cũ của một cơ quan khác", "this code is an older form of another agency's"
    FORWARD_SUCCESSOR = (
        "chuyển tiếp tự động cần đúng một cơ quan kế thừa",
        "forwarding needs exactly one successor",
    )
    FORWARD_EARLY = (
        "chuyển tiếp phải kết thúc sau thời điểm hiệu lực",
        "forwarding has to end after the moment of effect",
    )


Reason = ChangeReason | RegistryFault
"""Why something cannot stand in a change set."""


class ChangeFault(RegistryError):  # noqa: N818 -- says what is wrong in the words of the domain
    """One fault of a change set; facts: row (0 = none), column, value, reason, reason_vi, reason_en."""

    code = "registry.change_fault"
    vi = "Dòng {row}, cột {column}, giá trị “{value}”: {reason_vi}."
    en = "Row {row}, column {column}, value “{value}”: {reason_en}."
    fix_vi = "Sửa dòng này rồi nạp lại cả tập thay đổi."
    fix_en = "Correct this row and hand in the whole change set again."

    def __init__(self, fault: Reason, *, row: int = 0, column: str = "–", value: str = "") -> None:
        self.fault = fault
        self.row = row
        vi, en = fault.value
        super().__init__(
            row=row, column=column, value=value, reason=fault.name.lower(), reason_vi=vi, reason_en=en
        )


class ChangeRefused(RegistryError):  # noqa: N818 -- as above
    """A change set that cannot be made; `faults` holds every fault found, in the order of its rows."""

    code = "registry.change_refused"
    vi = "Tập thay đổi bị từ chối: {count} lỗi. Danh mục không thay đổi. Lỗi đầu tiên: {first_vi}"
    en = "The change set is refused: {count} faults. The registry is unchanged. The first: {first_en}"
    fix_vi = "Sửa tất cả các dòng nêu trong danh sách lỗi rồi nạp lại cả tập thay đổi."
    fix_en = "Correct every row in the list of faults and hand in the whole change set again."

    def __init__(self, faults: tuple[ChangeFault, ...]) -> None:
        self.faults = faults
        facts = faults[0].facts
        super().__init__(
            count=len(faults),
            first_vi=faults[0].vi.format(**facts),
            first_en=faults[0].en.format(**facts),
        )


class ChangeOvertaken(RegistryError):  # noqa: N818 -- as above
    """A change that cannot be taken back, because later ones stand on it; facts: count, codes (the first few)."""

    code = "registry.change_overtaken"
    vi = "Không hoàn tác được: các thay đổi sau đó dựa vào {count} mã của thay đổi này: {codes}."
    en = "It cannot be taken back: later changes stand on {count} codes of this one: {codes}."
    fix_vi = "Hoàn tác các thay đổi sau trước, hoặc lập một tập thay đổi mới cho các mã này."
    fix_en = "Take the later changes back first, or make a new change set for these codes."
