"""The texts of the pages about what was known when."""

from __future__ import annotations

from typing import Final

DUTCH: Final = {
    "page_then": "Toen",
    "then": "Wat wisten we toen",
    "then_lead": "Kies een moment. U ziet wat toen bekend was, wat nu bekend is, en waardoor dat verschilt.",
    "then_public": (
        "Deze bladzijde laat precieze aantallen zien. Die zijn alleen voor wie ermee werkt: landelijk, als "
        "onderzoeker, of van de eigen gemeente of regio. Voor iedereen zijn er de open data: daar blijft elke dag "
        "bewaard zoals die was."
    ),
    "then_not_yours": "Van dit gebied ziet u geen precieze aantallen. Kies een ander gebied.",
    "then_none": "Er is nog geen schoolsluiting geweest, dus er is niets te vergelijken.",
    "then_away": "Dit kan nu niet worden berekend: het grootboek antwoordt niet, of er wordt al veel berekend.",
    "then_again": "Probeer het over een minuut opnieuw.",
    "then_waiting": "Wordt berekend uit alle meldingen",
    "then_waiting_text": "Dat duurt enkele seconden tot een minuut. Deze bladzijde laadt zichzelf opnieuw.",
    "then_slider": "Dag",
    "then_show": "Toon",
    "then_date": "Datum",
    "then_time": "Tijd",
    "then_steps": "Stap in de tijd",
    "then_week_back": "Week eerder",
    "then_day_back": "Dag eerder",
    "then_day_on": "Dag later",
    "then_week_on": "Week later",
    "then_stands": "Toen: bekend op {then}. Nu: bekend op {now}.",
    "then_part": "Alleen de gemeenten waarvan u precieze aantallen ziet, zijn geteld.",
    "then_weeks": "Week voor week: {area}",
    "then_places": "Gemeente voor gemeente: week {week}",
    "then_place": "Gemeente",
    "then_then": "Toen",
    "then_now": "Nu",
    "then_difference": "Verschil",
    "then_cause_closure_redefined": "Sluiting",
    "then_cause_retractions": "Ingetrokken",
    "then_cause_residence_established": "Woonplaats",
    "then_cause_late_reports": "Laat gemeld",
    "then_cause_happened_since": "Sindsdien",
    "then_causes": "Waardoor het verschilt",
    "then_causes_text": (
        "De vijf oorzaken zijn samen precies het verschil. Het zijn aantallen leerlingen, nooit welke."
    ),
    "then_about_closure_redefined": "De scholen waren op andere dagen dicht dan toen bekend was.",
    "then_about_retractions": "Een melding die toen bekend was, is later ingetrokken.",
    "then_about_residence_established": "Later is bekend geworden waar een leerling woont.",
    "then_about_late_reports": "Het was toen al gebeurd, maar is pas later gemeld.",
    "then_about_happened_since": "Het is pas na dat moment gebeurd, of de week was toen nog niet voorbij.",
    "then_nothing": "Er was toen niets bekend, en nu ook niet.",
    "then_to_triangle": "Hoe weken bekend werden, en een schatting",
    "then_to_grid": "Toen en nu in één tabel",
    "grid": "Toen en nu in één tabel",
    "grid_lead": (
        "Kies een moment. U ziet per gemeente en week wat toen bekend was, wat nu bekend is, of wat dat verschilt."
    ),
    "grid_show": "Wat de tabel toont",
    "grid_take": "Neem mee als CSV",
    "grid_title": "Gemeente en week: {figure}",
    "grid_hint": "Open een getal om te zien waardoor het verschilt.",
    "grid_total": "Samen",
    "grid_cell": "{name}, week {week}",
    "grid_closer": "{name}, week voor week",
    "grid_back": "Terug naar de tabel",
    "triangle": "Hoe weken bekend werden",
    "triangle_lead": (
        "Van elke week die voorbij is: hoeveel leerlingen niet bereikt waren, zoals bekend aan het eind van die week, "
        "een week later, en verder."
    ),
    "triangle_stands": "Bekend op {now}.",
    "triangle_after_0": "Einde week",
    "triangle_after": "{n} weken later",
    "triangle_after_one": "1 week later",
    "triangle_complete": "Deel dat toen bekend was",
    "triangle_none": "Er is nog geen week voorbij.",
    "nowcast": "Schatting van de laatste weken",
    "nowcast_text": (
        "Dit zijn geen tellingen. Het is een schatting van wat de laatste aantallen worden als de late meldingen "
        "binnen zijn, uit hoe eerdere weken bekend werden (chain ladder, met de standaardfout van Mack). Ongeveer 90 "
        "van de 100 aantallen horen binnen de grenzen te liggen."
    ),
    "nowcast_counted": "Nu geteld",
    "nowcast_expected": "Schatting",
    "nowcast_range": "Grenzen",
    "nowcast_none": "Er is nog te weinig bekend voor een schatting.",
    "nowcast_country": (
        "De schatting is er alleen voor wie alle gemeenten precies ziet: ze volgt uit de cijfers van heel het land."
    ),
    "triangle_to_then": "Toen naast nu",
}

ENGLISH: Final = {
    "page_then": "Then",
    "then": "What did we know then",
    "then_lead": "Choose a moment. You see what was known then, what is known now, and what makes the difference.",
    "then_public": (
        "This page shows exact numbers. They are only for who works with them: for the country, as an evaluator, or of "
        "one's own municipality or region. For everyone there are the open data, which keep every day as it was."
    ),
    "then_not_yours": "You do not see exact numbers of this area. Choose another area.",
    "then_none": "Schools have not been closed yet, so there is nothing to compare.",
    "then_away": "This cannot be worked out now: the ledger does not answer, or much is being worked out already.",
    "then_again": "Try again in a minute.",
    "then_waiting": "Being worked out from all reports",
    "then_waiting_text": "That takes some seconds, up to a minute. This page loads itself again.",
    "then_slider": "Day",
    "then_show": "Show",
    "then_date": "Date",
    "then_time": "Time",
    "then_steps": "Step in time",
    "then_week_back": "Week earlier",
    "then_day_back": "Day earlier",
    "then_day_on": "Day later",
    "then_week_on": "Week later",
    "then_stands": "Then: known on {then}. Now: known on {now}.",
    "then_part": "Only the municipalities of which you see exact numbers are counted.",
    "then_weeks": "Week by week: {area}",
    "then_places": "Municipality by municipality: week {week}",
    "then_place": "Municipality",
    "then_then": "Then",
    "then_now": "Now",
    "then_difference": "Difference",
    "then_cause_closure_redefined": "Closure",
    "then_cause_retractions": "Withdrawn",
    "then_cause_residence_established": "Residence",
    "then_cause_late_reports": "Reported late",
    "then_cause_happened_since": "Since then",
    "then_causes": "What makes the difference",
    "then_causes_text": "The five causes together are exactly the difference. They are numbers of pupils, never which.",
    "then_about_closure_redefined": "Schools were closed on other days than was known then.",
    "then_about_retractions": "A report that was known then has been withdrawn since.",
    "then_about_residence_established": "It became known later where a pupil lives.",
    "then_about_late_reports": "It had happened by then, but was reported only later.",
    "then_about_happened_since": "It happened only after that moment, or the week was not over then.",
    "then_nothing": "Nothing was known then, and nothing is now.",
    "then_to_triangle": "How weeks became known, and an estimate",
    "then_to_grid": "Then and now in one table",
    "grid": "Then and now in one table",
    "grid_lead": (
        "Choose a moment. You see by municipality and week what was known then, what is known now, or the difference."
    ),
    "grid_show": "What the table shows",
    "grid_take": "Take along as CSV",
    "grid_title": "Municipality and week: {figure}",
    "grid_hint": "Open a number to see what makes the difference.",
    "grid_total": "Together",
    "grid_cell": "{name}, week {week}",
    "grid_closer": "{name}, week by week",
    "grid_back": "Back to the table",
    "triangle": "How weeks became known",
    "triangle_lead": (
        "Of each week that is over: how many pupils were not reached, as known at the end of that week, a week later, "
        "and so on."
    ),
    "triangle_stands": "Known on {now}.",
    "triangle_after_0": "End of week",
    "triangle_after": "{n} weeks later",
    "triangle_after_one": "1 week later",
    "triangle_complete": "Share that was known",
    "triangle_none": "No week is over yet.",
    "nowcast": "Estimate of the last weeks",
    "nowcast_text": (
        "These are no counts. It is an estimate of what the last numbers will become once late reports are in, from "
        "how earlier weeks became known (chain ladder, with Mack's standard error). About 90 of 100 numbers are to "
        "lie within the bounds."
    ),
    "nowcast_counted": "Counted now",
    "nowcast_expected": "Estimate",
    "nowcast_range": "Bounds",
    "nowcast_none": "Too little is known yet for an estimate.",
    "nowcast_country": (
        "The estimate is only for who sees every municipality exactly: it follows from all the country's figures."
    ),
    "triangle_to_then": "Then beside now",
}
