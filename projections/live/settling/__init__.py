"""How the figures of past weeks of a municipality changed as late reports came in: `unreached` as it was known when.

The view keeps each pupil's reports, and of each event and each retraction when it was recorded. What was known at an
earlier K is what was recorded by then; so this gives what the columnar replay gives for that K. It is counted pupil by
pupil once, or recalled from what was settled elsewhere, and stands for as long as nothing comes that was recorded by
then; what is known now is in the tables.
"""

from projections.live.settling.following import settling, settling_in_time
from projections.live.settling.recalling import Recall, nothing_recalled
from projections.live.settling.told import Known, Settling
from projections.live.settling.weeks import FOLLOWED

__all__ = ["FOLLOWED", "Known", "Recall", "Settling", "nothing_recalled", "settling", "settling_in_time"]
