"""The texts about who sees what: signing in and out, and pages that are for others."""

from __future__ import annotations

from typing import Final

__all__ = ["DUTCH", "ENGLISH"]

DUTCH: Final = {
    "access": "Toegang",
    "access_open": "Open: alles zichtbaar",
    "access_in": "Aangemeld: {name}",
    "access_out": "Aanmelden",
    "access_open_lead": (
        "Op dit systeem heeft nog niemand een link gekregen. "
        "Iedereen op deze computer ziet daarom alle cijfers precies."
    ),
    "access_open_next": (
        "Zodra de eerste link is gemaakt, ziet wie niet is aangemeld alleen nog wat openbaar is. "
        "De beheerder maakt een link met: kindinbeeld access link create."
    ),
    "access_sign_in": "Aanmelden",
    "access_sign_out": "Afmelden",
    "access_signed_in": "U bent aangemeld",
    "access_name": "Naam",
    "access_role": "Rol",
    "access_until": "Tot uiterlijk",
    "access_logged": "Welke cijfers u bekijkt en wanneer, wordt bijgehouden.",
    "access_lead": (
        "Precieze cijfers zijn voor wie ermee werkt. Open de persoonlijke link die u kreeg, of plak die hieronder."
    ),
    "access_lead_closed": (
        "Precieze cijfers zijn voor wie ermee werkt. Meld u aan met de persoonlijke link die u kreeg."
    ),
    "access_issuer": "Aanmelden bij uw organisatie",
    "access_link": "Uw persoonlijke link",
    "access_link_hint": "Deel uw link met niemand: wie hem heeft, ziet wat u ziet.",
    "access_refused": "Deze link werkt niet. Hij is onvolledig, verlopen of ingetrokken.",
    "access_expired": "Dit formulier is niet meer geldig. Probeer het nog eens.",
    "access_closed": "Meld u aan om deze cijfers te zien",
    "access_not_yours": "Deze bladzijde is niet voor uw gebied",
    "access_yours": "U ziet de precieze cijfers van {area}:",
    "access_unavailable": "Aanmelden kan nu niet. Probeer het zo nog eens.",
    "access_no_role": "Uw organisatie heeft u voor deze cijfers geen rol gegeven. U ziet wat openbaar is.",
    "access_failed": "Het aanmelden bij uw organisatie is niet gelukt. Probeer het nog eens.",
    "access_role_national": "Landelijke coördinatie",
    "access_role_region": "Coördinatie van een veiligheidsregio",
    "access_role_municipality": "Coördinatie van een gemeente",
    "access_role_evaluator": "Evaluatie",
    "access_role_public": "Openbaar",
}

ENGLISH: Final = {
    "access": "Access",
    "access_open": "Open: everything shows",
    "access_in": "Signed in: {name}",
    "access_out": "Sign in",
    "access_open_lead": (
        "Nobody has been given a link on this system yet. So everyone on this computer sees all figures exactly."
    ),
    "access_open_next": (
        "As soon as the first link is made, who is not signed in only sees what is public. "
        "The administrator makes a link with: kindinbeeld access link create."
    ),
    "access_sign_in": "Sign in",
    "access_sign_out": "Sign out",
    "access_signed_in": "You are signed in",
    "access_name": "Name",
    "access_role": "Role",
    "access_until": "Until at the latest",
    "access_logged": "Which figures you look at, and when, is recorded.",
    "access_lead": (
        "Exact figures are for those who work with them. Open the personal link that you were given, or paste it below."
    ),
    "access_lead_closed": (
        "Exact figures are for those who work with them. Sign in with the personal link that you were given."
    ),
    "access_issuer": "Sign in with your organisation",
    "access_link": "Your personal link",
    "access_link_hint": "Share your link with nobody: whoever has it sees what you see.",
    "access_refused": "This link does not work. It is incomplete, expired or revoked.",
    "access_expired": "This form is not valid any more. Please try again.",
    "access_closed": "Sign in to see these figures",
    "access_not_yours": "This page is not for your area",
    "access_yours": "You see the exact figures of {area}:",
    "access_unavailable": "Signing in is not possible now. Please try again in a moment.",
    "access_no_role": "Your organisation has given you no role for these figures. You see what is public.",
    "access_failed": "Signing in with your organisation did not work. Please try again.",
    "access_role_national": "National coordination",
    "access_role_region": "Coordination of a safety region",
    "access_role_municipality": "Coordination of a municipality",
    "access_role_evaluator": "Evaluation",
    "access_role_public": "Public",
}
