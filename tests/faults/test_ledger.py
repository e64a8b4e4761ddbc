"""The ledger: what was written is read back in order, and a line that was cut short does not count."""

from __future__ import annotations

from pathlib import Path

from tests.faults.ledger import Answer, Books, Ledger, Phase, read

ANSWER = Answer(attempt="1", status=201, seconds=0.5, t=1.0, message_id="m")


async def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    """Records of each kind come back in the order in which they were written, also over two runs."""
    for number in range(2):
        books = Books(tmp_path)
        await books.write(Answer(attempt=f"{number}", status=0, seconds=0.5, t=1.0))
        await books.write(Phase(fault="F1", what="began", t=float(number)))
        books.close()

    found = read(tmp_path)

    assert [each.attempt for each in found.answers] == ["0", "1"]
    assert [each.t for each in found.phases] == [0.0, 1.0]
    assert found.attempts == ()


async def test_a_torn_line_does_not_count(tmp_path: Path) -> None:
    """What a writer was writing when it died was never said."""
    books = Books(tmp_path)
    await books.write(ANSWER)
    books.close()
    with (tmp_path / "answers.jsonl").open("ab") as file:
        file.write(b'{"attempt":"2","status":20')

    assert read(tmp_path) == Ledger(answers=(ANSWER,))
