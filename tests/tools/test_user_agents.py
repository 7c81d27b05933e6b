"""Who says what of itself: agents as they were sent."""

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.user_agents import is_browser

ANDROID = (
    "Mozilla/5.0 (Linux; Android 13; SM-A536B) AppleWebKit/537.36 (KHTML, like Gecko)"
)
WEBVIEW = (
    "Mozilla/5.0 (Linux; Android 12; M2101K6G Build/SKQ1.210908.001; wv)"
    " AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/119.0.6045.66 Mobile"
    " Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko)"
)
WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
)

BROWSERS = {
    "Chrome": f"{ANDROID} Chrome/119.0.0.0 Mobile Safari/537.36",
    "Chrome of a Cubot phone": "Mozilla/5.0 (Linux; Android 9; CUBOT X19)"
    " AppleWebKit/537.36 (KHTML, like Gecko) Chrome/96.0.4664.45 Mobile Safari/537.36",
    "Safari": f"{IPHONE} Version/17.1 Mobile/15E148 Safari/604.1",
    "Chrome of an iPhone": f"{IPHONE} CriOS/119.0.6045.109 Mobile/15E148 Safari/604.1",
    "Yandex Browser": f"{ANDROID} Chrome/116.0.5845.1150 YaBrowser/23.9.3.150.00"
    " SA/3 Mobile Safari/537.36",
    "Yandex Browser of an iPhone": f"{IPHONE} Version/17.0 YaBrowser/23.9.4.1034.10"
    " SA/3 Mobile/15E148 Safari/604.1",
    "Yandex app": f"{WEBVIEW} YandexSearch/23.111 YaApp_Android/23.111.1",
    "Samsung Internet": f"{ANDROID} SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile"
    " Safari/537.36",
    "Mi Browser": "Mozilla/5.0 (Linux; U; Android 12; ru-ru; Redmi Note 10 Pro"
    " Build/SKQ1) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0"
    " Chrome/100.0.4896.127 Mobile Safari/537.36 XiaoMi/MiuiBrowser/14.5.0",
    "Huawei Browser": f"{ANDROID} Chrome/99.0.4844.88 HuaweiBrowser/13.0.6 Mobile"
    " Safari/537.36",
    "UC Browser": "Mozilla/5.0 (Linux; U; Android 11; en-US; RMX2185 Build/RP1A)"
    " AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/100.0.4896.58"
    " UCBrowser/13.5.8.1311 Mobile Safari/537.36",
    "UC Browser of a small phone": "UCWEB/2.0 (MIDP-2.0; U; Adr 4.4.2; en-US; GT-S7262)"
    " U2/1.0.0 UCBrowser/9.4.1.482 U2/1.0.0 Mobile",
    "Opera Mini": "Opera/9.80 (Android; Opera Mini/36.2.2254/119.132; U; id)"
    " Presto/2.12.423 Version/12.16",
    "Opera": f"{ANDROID} Chrome/118.0.5993.80 Mobile Safari/537.36 OPR/79.2.4195",
    "Firefox": "Mozilla/5.0 (Android 13; Mobile; rv:109.0) Gecko/119.0 Firefox/119.0",
    "Edge": f"{WINDOWS} Chrome/119.0.0.0 Safari/537.36 Edg/119.0.2151.58",
    "Internet Explorer": "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1)",
    "Internet Explorer 11": "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like"
    " Gecko",
    "browser with an antivirus": f"{WINDOWS} Chrome/119.0.0.0 Safari/537.36"
    " Avast/119.0.0.0",
    "Google app": f"{IPHONE} GSA/289.0.577 Mobile/15E148 Safari/604.1",
    "VK app": f"{WEBVIEW} VKAndroidApp/8.52-18500",
    "VK app by its own name": "VKAndroidApp/8.52-18500 (Android 13; SDK 33; arm64-v8a;"
    " samsung SM-A536B; ru; 2400x1080)",
    "Telegram": f"{WEBVIEW} Telegram-Android/10.2.9",
    "Instagram": f"{IPHONE} Mobile/15E148 Instagram 309.0.2.11.108 (iPhone13,2; iOS"
    " 17_1; ru_RU; ru; scale=3.00; 1170x2532; 537283022)",
    "Facebook": f"{IPHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/438.0.0.37.118]",
    "Pinterest": f"{WEBVIEW} [Pinterest/Android]",
    "feature phone": "Nokia5130c-2/2.0 (07.97) Profile/MIDP-2.1 Configuration/CLDC-1.1",
}
PROGRAMS = {
    "none": "",
    "space": " ",
    "dash": "-",
    "name alone": "Mozilla/5.0",
    "VK": "Mozilla/5.0 (compatible; vkShare; +http://vk.com/dev/Share)",
    "Viber": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/100.0.0.0 Safari/537.36 Viber/19.0",
    "Viber alone": "Viber",
    "WhatsApp": "WhatsApp/2.23.20.0 A",
    "Telegram": "TelegramBot (like TwitterBot)",
    "Facebook": "facebookexternalhit/1.1"
    " (+http://www.facebook.com/externalhit_uatext.php)",
    "iMessage": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4"
    " (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot"
    " Twitterbot/1.0",
    "Meta": "meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing)",
    "Slack": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Discord": "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "Twitter": "Twitterbot/1.0",
    "Skype": "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5"
    " skype-url-preview@microsoft.com",
    "Odnoklassniki": "OdklBot/1.0 (share@odnoklassniki.ru)",
    "LinkedIn": "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient"
    " +http://www.linkedin.com)",
    "Google": f"{ANDROID} Chrome/W.X.Y.Z Mobile Safari/537.36 (compatible;"
    " Googlebot/2.1; +http://www.google.com/bot.html)",
    "Google's safety": "Mozilla/5.0 (X11; Linux x86_64; Google-Safety)",
    "Google's ads": "AdsBot-Google (+http://www.google.com/adsbot.html)",
    "Google's renderer": "Mozilla/5.0 (Linux; Android 7.0) Google-PageRenderer Google",
    "Yandex": "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
    "Yandex's phones": f"{IPHONE} Version/8.0 Mobile/12B411 Safari/600.1.4 (compatible;"
    " YandexMobileBot/3.0; +http://yandex.com/bots)",
    "Bing": "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Bing's preview": f"{WINDOWS} Chrome/103.0.5060.134 Safari/537.36 BingPreview/1.0b",
    "Mail.ru": "Mozilla/5.0 (compatible; Linux x86_64; Mail.RU_Bot/2.0; +http://go.mail.ru)",
    "Chrome without a window": f"{WINDOWS} HeadlessChrome/119.0.0.0 Safari/537.36",
    "a robot without an address": "Mozilla/5.0 (compatible; LinkChecker 1.0)",
    "PowerShell": "Mozilla/5.0 (Windows NT; Windows NT 10.0; ru-RU)"
    " WindowsPowerShell/5.1.19041.1682",
    "curl": "curl/7.88.1",
    "wget": "Wget/1.21.3",
    "requests": "python-requests/2.31.0",
    "aiohttp": "Python/3.11 aiohttp/3.8.5",
    "okhttp": "okhttp/4.11.0",
    "Go": "Go-http-client/1.1",
    "Java": "Java/17.0.8",
    "Perl": "libwww-perl/6.67",
    "axios": "axios/1.5.0",
    "node": "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)",
    "Apache": "Apache-HttpClient/4.5.14 (Java/11.0.20)",
    "an app of Android": "Dalvik/2.1.0 (Linux; U; Android 13; SM-A536B Build/TP1A)",
    "an app of an iPhone": "MobileSafari/8616.2.9 CFNetwork/1474 Darwin/23.0.0",
    "PHP": "PHP/8.2",
}


class TestUserAgents(BaseCase):
    def test_people(self):
        for name, agent in BROWSERS.items():
            with self.subTest(name):
                self.assertTrue(is_browser(agent))

    def test_programs_and_previews(self):
        for name, agent in PROGRAMS.items():
            with self.subTest(name):
                self.assertFalse(is_browser(agent))
