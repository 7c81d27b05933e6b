"""Words that stand in names beside first names, and the endings of names.

Folded as `person_name` folds words: lower case, ``е`` for ``ё``, no dots.
"""

from __future__ import annotations

# what stands before or behind a name; dots are left out
TITLES = frozenset(
    "mr mrs ms miss mx dr prof sir dame madam rev herr frau monsieur madame mme "
    "jr sr ii iii iv phd md esq mba cpa dds "
    "г-н г-жа гн господин госпожа товарищ д-р др доктор проф профессор ип сэр "
    "мл ст младший старший директор менеджер бухгалтер администратор юрист адвокат "
    "врач тренер риелтор".split()
)
NO_PERSON = frozenset(
    "ооо оао зао пао ао тоо нко гуп муп фгуп фгбу мбоу мку тсж снт чп тд нпо "
    "ooo llc ltd inc gmbh corp company plc limited group team sales support office "
    "shop store services solutions "
    "компания фирма магазин салон отдел склад офис клуб центр студия кафе ресторан "
    "завод школа банк группа кабинет агентство аптека сервис клиника отель гостиница "
    "фонд контакт клиент покупатель".split()
)
# whose number it is: beside them, a name may be somebody else's, in the genitive too
KIN = frozenset(
    "папа папочка папуля отец батя мама мамочка мамуля мать матушка родители родитель "
    "бабушка бабуля баба дедушка дедуля дед прабабушка прадедушка внук внучка внуки "
    "брат братик братишка братья сестра сестренка сестричка сестры муж супруг жена "
    "супруга супруги жених невеста молодожены парень девушка сын сынок сыновья дочь "
    "дочка доченька дети ребенок малыш близнецы тетя тетка дядя дядька племянник "
    "племянница кузен крестный крестная крестник тесть теща свекор свекровь зять "
    "невестка сноха шурин деверь золовка свояк кум кума сват сватья отчим мачеха "
    "пасынок падчерица опекун вдова вдовец бывший бывшая друг друзья подруга подружка "
    "приятель знакомый знакомая сосед соседка соседи коллега одноклассник "
    "одноклассница однокурсник однокурсница семья семейство няня помощник помощница "
    "ассистент представитель тато батько мати дитина чоловік сестричка донька онук "
    "онука аке аже dad daddy father mom mommy mum mummy mother parents parent grandma "
    "grandpa grandmother grandfather granny brother sister husband wife spouse son "
    "daughter child children kids aunt auntie uncle nephew niece cousin friend "
    "neighbor neighbour family boyfriend girlfriend fiance fiancee colleague "
    "assistant nanny papa mama".split()
)
AND = frozenset("& + and und et или or та або плюс plus".split())
# a name behind them is no nominative; behind a name they begin a remark
PREPOSITIONS = frozenset(
    "для от из ко со про без за на по при через від до із for from to by of at with "
    "via c/o".split()
)
# they tell what somebody does, or who does it for somebody: Тренер Александра
ROLES = frozenset(
    "директор менеджер бухгалтер администратор юрист адвокат врач тренер риелтор "
    "доктор профессор".split()
)
# they belong to the surname behind them
PARTICLES = frozenset(
    "van von der den de del della di da dos du la le ter ten zu af bin ibn al el "
    "ван фон дер ден де ди да ла ле дель бен ибн аль эль".split()
)
# they belong to the father before them: son of, daughter of
SON_OF = frozenset("оглы оглу углы улы ұлы уулу ogly oglu oğlu uly uulu".split())
DAUGHTER_OF = frozenset("кызы гызы қызы кизи kyzy gyzy qizi qızı kizi".split())
CHILD_OF = SON_OF | DAUGHTER_OF
UNSTRESSED = PARTICLES | CHILD_OF
NOBODY = NO_PERSON | KIN | AND

# surnames end like the first three too
SON_OR_SURNAME = ("ич", "ыч", "іч", "ovich", "evich")
SON = (
    *SON_OR_SURNAME,
    *("улы", "ұлы"),
    *(glue + word for word in SON_OF for glue in " -"),
)
DAUGHTER = (
    *("овна", "евна", "ична", "ишна", "івна", "ївна", "аўна", "еўна"),
    *("кызы", "гызы", "қызы", "ovna", "evna", "ichna"),
    *(glue + word for word in DAUGHTER_OF for glue in " -"),
)
# Ильич
SHORTEST_PATRONYMIC = 5

MALE_SURNAME = ("ов", "ев", "ский", "цкий")
FEMALE_SURNAME = ("ова", "ева", "ская", "цкая")
# hardly any first name ends so
SURE_SURNAME = (
    *(*MALE_SURNAME, *FEMALE_SURNAME, "енко", "чук", "швили", "дзе"),
    *("ov", "ova", "ev", "eva", "sky", "skiy", "skaya", "enko"),
)
# other words end so too, and surnames of both
SURNAME = (*SURE_SURNAME, "ин", "ина", "ын", "ына")
# ordinary words seldom end so
FOREIGN_SURNAME = tuple("ко ук юк ян янц ич ман берг штейн ых их иа ия ава".split())
SHORT_SURNAMES = frozenset(
    "ан кан ким ли лим нам но пак тен тян хан хван хегай цай цой цхай чен шин "
    "юн".split()
)
# of a family, "Ивановы", and genitives: "Галины"
OF_MANY = ("овы", "евы", "ины", "ыны", "ские", "цкие")
# Ивановича, Петровны
DECLINED_PATRONYMIC = (
    *("вича", "вичу", "вичем", "виче", "ьича", "мича", "кича"),
    *(stem + end for stem in ("овн", "евн", "ичн", "ишн") for end in "ыеу"),
    *("овной", "евной", "ичной", "ишной"),
)
SHORTEST_SURNAME = 4
# undeclined, so a surname of men and women
SURNAME_OF_EITHER = frozenset(
    "былина грин дарвин дубина калина калын малина мартин перина рябина сина франклин "
    "чаплин щербина щетина янина".split()
)

# names of men that are surnames too; of women, Joyce and a few more
ALSO_SURNAMES = frozenset(
    "абрам август адам альберт арнольд арон бернард вальтер вильгельм винсент гай "
    "герман гордон давид демьян захар игнат исаак конрад лазарь марк мартин назар "
    "наум остап поль потап роман рудольф самсон самуил соломон тарас томас фома франк "
    "франц фридрих христофор эрнст юлиан якоб якуб ян grace holly hope joyce rosa "
    "rose ruby".split()
)

DOUBLE_NAMES = frozenset(
    "mary ann|mary anne|mary lou|mary jo|mary beth|mary jane|mary kate|mary ellen|"
    "sarah jane|sarah ann|anna maria|anna lena|ana maria|maria teresa|maria jose|"
    "betty ann|betty lou|peggy sue|bobby joe|billy bob|billy joe|john paul|jean paul|"
    "jean pierre|jean luc|jean claude|jean marc|jean michel|jean marie|jean jacques|"
    "juan carlos|juan jose|juan pablo|jose luis|jose maria|jose antonio|luis miguel|"
    "miguel angel|marie claire|marie louise|anne marie|anne sophie|hans peter|"
    "karl heinz|жан поль|жан пьер|жан клод|хуан карлос|хосе мария".split("|")
)
