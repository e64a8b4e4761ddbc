"""Why a snapshot of the registry is not believed, not handed out, or not relied upon any longer.

::

    RegistryError
    └── SnapshotError
        ├── SnapshotMalformedError       registry.snapshot_malformed        it is not in the form of a snapshot
        ├── SnapshotForeignError         registry.snapshot_foreign          it is of another registry
        ├── SnapshotAlteredError         registry.snapshot_altered          its content is not what was signed
        ├── SnapshotOlderError           registry.snapshot_older            a newer version is known (rollback)
        ├── SnapshotDiffersError         registry.snapshot_differs          another content under a known version
        ├── SnapshotExpiredError         registry.snapshot_expired          it is out of date (freeze)
        ├── SnapshotEarlyError           registry.snapshot_early            it was signed in the future
        ├── DeltaMismatchError           registry.delta_mismatch            it does not follow what is held
        ├── SnapshotVersionGoneError     registry.snapshot_version_gone     no delta from that version can be had
        ├── FollowsUpstreamError         registry.follows_upstream          this registry is not changed here
        └── UpstreamStaleError           registry.upstream_stale            could not decide: retry

Who signed is told by the errors of `routing.statement`.
"""

from routing.errors import RegistryError


class SnapshotError(RegistryError):
    """A snapshot, or a delta between two, cannot be used."""

    fix_vi = "Không dùng tệp này; tải lại từ cổng phát hành. Nếu vẫn lỗi, báo đơn vị vận hành cổng đó."
    fix_en = (
        "Do not use this file; fetch it again. If it stays so, tell whoever runs the gateway that issued it."
    )


class SnapshotMalformedError(SnapshotError):
    """It is not in the form of a snapshot; facts: row (0 = none), reason_vi, reason_en."""

    code = "registry.snapshot_malformed"
    vi = "Bản chụp danh mục sai định dạng, dòng {row}: {reason_vi}."
    en = "The snapshot of the registry is malformed, line {row}: {reason_en}."


class SnapshotForeignError(SnapshotError):
    """It says that it is of another registry than the key that signed it; facts: registry, expected."""

    code = "registry.snapshot_foreign"
    vi = "Bản chụp là của danh mục “{registry}”, không phải “{expected}”."
    en = "The snapshot is of the registry “{registry}”, not of “{expected}”."


class SnapshotAlteredError(SnapshotError):
    """Its content does not have the hash that was signed; facts: expected, found."""

    code = "registry.snapshot_altered"
    vi = "Nội dung bản chụp đã bị thay đổi: SHA-256 là {found}, đã ký là {expected}."
    en = "The content of the snapshot was altered: its SHA-256 is {found}, signed was {expected}."


class SnapshotOlderError(SnapshotError):
    """A newer version is known already; facts: version, known."""

    code = "registry.snapshot_older"
    vi = "Bản chụp là phiên bản {version}, trong khi đã biết phiên bản {known}: danh mục không bao giờ lùi."
    en = "The snapshot is version {version}, but version {known} is known: versions never go back."


class SnapshotDiffersError(SnapshotError):
    """Its version is known with another content; facts: version, expected, found."""

    code = "registry.snapshot_differs"
    vi = "Phiên bản {version} đã biết với nội dung khác: {expected}, bản này là {found}."
    en = "Version {version} is known with another content: {expected}, this one has {found}."
    fix_vi = "Giữ lại cả hai tệp và báo ngay: cổng phát hành đã ký hai nội dung cho một phiên bản."
    fix_en = "Keep both files and report at once: the issuer has signed two contents as one version."


class SnapshotExpiredError(SnapshotError):
    """It was good until a moment that has passed; facts: expires."""

    code = "registry.snapshot_expired"
    vi = "Bản chụp danh mục đã hết hạn lúc {expires}."
    en = "The snapshot of the registry expired at {expires}."
    fix_vi = "Tải bản mới; bản chụp được ký lại mỗi giờ. Kiểm tra cả đồng hồ máy."
    fix_en = "Fetch a new one; snapshots are signed anew every hour. Check this machine's clock, too."


class SnapshotEarlyError(SnapshotError):
    """It was signed at a moment that has yet to come; facts: issued."""

    code = "registry.snapshot_early"
    vi = "Bản chụp danh mục ghi thời điểm ký trong tương lai: {issued}."
    en = "The snapshot of the registry says that it was signed in the future: {issued}."
    fix_vi = "Kiểm tra đồng hồ của máy này và của cổng phát hành."
    fix_en = "Check the clocks of this machine and of the gateway that issued it."


class DeltaMismatchError(SnapshotError):
    """A delta does not begin where the reader is; facts: from_version, known."""

    code = "registry.delta_mismatch"
    vi = "Bản chênh lệch bắt đầu từ phiên bản {from_version}, không nối được với bản đang giữ ({known})."
    en = "The delta begins at version {from_version} and does not follow what is held ({known})."
    fix_vi = "Tải bản chụp đầy đủ."
    fix_en = "Fetch the whole snapshot."


class SnapshotVersionGoneError(SnapshotError):
    """No delta can be had from this version; facts: version."""

    code = "registry.snapshot_version_gone"
    vi = "Không còn dữ liệu để tính chênh lệch từ phiên bản {version}."
    en = "There is no data any more for a delta from version {version}."
    fix_vi = "Tải bản chụp đầy đủ: GET /v1/registry/snapshot không kèm since."
    fix_en = "Fetch the whole snapshot: GET /v1/registry/snapshot without since."


class FollowsUpstreamError(SnapshotError):
    """The registry is another gateway's, and is changed there; facts: upstream."""

    code = "registry.follows_upstream"
    vi = "Danh mục của cổng này theo cổng {upstream}, không sửa được tại đây."
    en = "The registry of this gateway follows {upstream} and is not changed here."
    fix_vi = "Thay đổi tại cổng đó; thay đổi sẽ tự về đây. Hệ thống kết nối vẫn quản lý tại cổng này."
    fix_en = "Make the change there; it will come here by itself. Connected systems are still managed here."


class UpstreamStaleError(SnapshotError):
    """What is known of the upstream registry is out of date, so no code can be relied upon; facts: upstream, expires."""

    code = "registry.upstream_stale"
    retry = True
    vi = "Danh mục lấy từ {upstream} đã quá hạn ({expires}): không thể quyết định theo dữ liệu cũ."
    en = "The registry of {upstream} is out of date ({expires}): nothing is decided by old data."
    fix_vi = "Gửi lại sau. Đơn vị vận hành cần khôi phục kết nối tới cổng đó."
    fix_en = "Send again later. The operator has to restore the connection to that gateway."
