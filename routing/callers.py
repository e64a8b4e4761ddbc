"""Why a connected system may not send for an agency: it serves others, or this code for another body.

A code may pass from one body to another (QĐ 09/2025/QĐ-TTg). The old body's system keeps its credential, but
not the code, and hears until when it had it and who has it now.
"""

from datetime import datetime

from routing.agencies import Agency, Directory, Member
from routing.errors import CallerNotBound
from routing.times import shown

_OTHERS = (
    "mã này do hệ thống khác phục vụ, hoặc chưa có hệ thống nào phục vụ",
    "another system serves this code, or none does",
)


def not_serving(member: Member, agency: Agency, *, directory: Directory, at: datetime) -> CallerNotBound:
    """Return the refusal of a system that does not serve an agency at `at`; it may be that it did, or will."""
    reason, vi, en = "not_serving", *_OTHERS
    for prefix, entity in member.services():
        own = [each for each in directory.versions(prefix) if each.entity_id == entity]
        is_above = agency.code == prefix or agency.code.startswith(f"{prefix}.")
        if not is_above or not own or any(each.in_force(at) for each in own):
            continue
        if (since := own[0].valid_from) is not None and since > at:
            reason = "not_begun"
            vi = f"hệ thống phục vụ mã {prefix} cho {own[0].name}, cơ quan chỉ mang mã này từ {shown(since)}"
            en = f"it serves {prefix} for {own[0].name}, which bears this code only from {shown(since)}"
        elif (until := own[-1].valid_to) is not None and until <= at:
            reason, bearer = "ended", directory.agency(prefix, at)
            vi = f"hệ thống phục vụ mã {prefix} cho {own[-1].name}, cơ quan mang mã này đến {shown(until)}"
            en = f"it serves {prefix} for {own[-1].name}, which bore this code until {shown(until)}"
            if bearer is not None:
                vi, en = f"{vi}; nay mã thuộc về {bearer.name}", f"{en}; now it is that of {bearer.name}"
    return CallerNotBound(
        agency=agency.code,
        caller=member.id,
        serves=tuple(dict.fromkeys(member.prefixes)),
        reason=reason,
        reason_vi=vi,
        reason_en=en,
    )
