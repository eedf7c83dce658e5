"""How many people a play needs, and how they sign in: the instance's sample accounts."""

from accounts.management.commands.sample_accounts import NAMES, PASSWORD
from accounts.models import Role
from pemantau.replay.company import Company, Login

ADJUDICATORS = 4
FEWEST = 16  # volunteers: a photo that is hard to read may take a dozen
# Two accounts settle at most three TPS together; most photos take one pair, some three, and chance wastes some.
TPS_OF_A_PAIR = 3
PAIRS_PER_PHOTO = 3


def volunteers_for(photos: int) -> int:
    """Enough for this many photos."""
    count = FEWEST
    while count * (count - 1) // 2 * TPS_OF_A_PAIR < photos * PAIRS_PER_PHOTO:
        count += 1
    return count


def logins(role: Role, count: int) -> list[Login]:
    return [(f"{NAMES[role]}{number}@contoh.test", PASSWORD) for number in range(1, count + 1)]


def sign_in(base: str, volunteers: int, first_number: int) -> Company:
    """The sample accounts as a company, from addresses numbered from `first_number` on."""
    return Company.sign_in(
        base, logins(Role.VOLUNTEER, volunteers), logins(Role.ADJUDICATOR, ADJUDICATORS), first_number
    )
