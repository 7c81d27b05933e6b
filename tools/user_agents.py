"""Whether a person's browser asks for a page, by what it says of itself."""

from __future__ import annotations

import re

# Browsers call themselves so, also those inside of other apps; programs have names of
# their own: curl, okhttp, Dalvik, python-requests, WhatsApp.
_BROWSER = re.compile(
    r"Mozilla/\d.*\(|Opera/\d|UCWEB/\d|Nokia|SAMSUNG-|SonyEricsson|BlackBerry"
    r"|VKAndroidApp/",
    re.DOTALL,
)
# Robots, previews, and programs that hide behind a browser's name. Cubot makes phones,
# and an app of Pinterest or Instagram shows pages to people.
_ROBOT = re.compile(
    r"(?<!cu)bot|crawl|spider|slurp|preview|https?://|vkshare|viber|whatsapp|embedly"
    r"|facebookexternalhit|facebookcatalog|meta-external|snippet|iframely|prerender"
    r"|google-|-google|googleother|googleimageproxy|google (?:favicon|web)|safebrows"
    r"|yadirectfetcher|yandexfavicons|mail\.ru/|headless|phantomjs|puppeteer|playwright"
    r"|selenium|jsdom|lighthouse|pagespeed|pingdom|statuscake|uptime|httrack"
    r"|kaspersky|dr\.?web|virustotal|urlscan|netcraft|phish|proofpoint|barracuda"
    r"|trendmicro|trendsmapresolver|mimecast|fortiguard|zscaler|scanner|validator"
    r"|powershell|curl|wget|python|okhttp|httpclient|java/|node-fetch|axios|cfnetwork"
    # "compatible" with nothing but a name
    r"|\(compatible; (?!msie|konqueror)",
    re.IGNORECASE,
)


def is_browser(user_agent: str) -> bool:
    """Tell whether a person looks, not a program that fetches a page.

    :param user_agent: the header, empty where there is none
    """
    return bool(_BROWSER.match(user_agent)) and not _ROBOT.search(user_agent)
