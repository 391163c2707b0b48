# expect: py.deserialisation
# tries: old parsing methods know pickle
from pydantic import BaseModel


class Settings(BaseModel):
    size: int = 1


Settings.parse_raw(b"cos\nsystem\n(S'echo PWNED'\ntR.", content_type="pickle", allow_pickle=True)
