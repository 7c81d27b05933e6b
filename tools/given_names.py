"""First names, and whom they are given to.

Names common in Russia and its neighbours, with short forms, and in countries that
write in Latin letters. What is given to men and women alike stands in `EITHER` alone.
Lower case, ``е`` for ``ё``.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from .compose import Gender
from .transliteration import to_latin

# full names of men, those a patronymic is made of
_FATHERS = """
абдул абдулла абдурахман абрам август авдей аверкий агаси адам адил адиль адлан адлет
адольф азамат азат айаз айбек айдар айдос айрат акакий аким акоп алан алдияр александр
алексей али алибек алим алихан алишер алмаз алхазур альберт альфред амаяк амин амир анар
анатолий анатолій анвар андрей андроник андрій анзор антон арам аркадий арман армен арно
арнольд арон арсен арсений арслан артавазд артак артем артемий артур арутюн архип
арыстан асан аскар аслан асланбек асхаб асхат асыл афанасий ахмат ахмед ахмет ахтям ашот
бадри байрам бакыт батыр бауржан бахром бахтияр бекжан бекзат бекзод бислан бобур богдан
борис борислав булат ваган ваге вадим вазген валентин валерий валерьян варлам вартан
василий василь вахтанг венедикт вениамин виктор вилен виленин вильгельм вильдан
виссарион виталий витольд владилен владимир владислав владлен влас володимир всеволод
вугар вячеслав віктор віталій гавриил гаврила газиз галым гамид гасан геворг геннадий
генрих георгий герасим герман глеб гордей грант грачья григорий григорій гурам гурген
гусейн давид давит даврон давыд дамир даниил данил данила данислав данияр дарий даулет
даурен демид демьян денис джабраил джамал джамшид диас дильшод дмитрий дмитро донат
дорофей евгений евграф евдоким евсей егор елисей емельян ерболат еремей ержан еркин
ерлан ермолай ернар ерофей ефим ефрем жандос жанибек жасур зафар захар зелим зелимхан
зиновий зураб ибрагим иван игнат игнатий игорь иероним икрам икром илларион ильгар
ильгиз ильдар ильмир ильнар ильнур ильхам ильшат ильяс иннокентий инсаф интигам иосиф
ипполит ираклий иса исаак исай ислам исмаил казбек казимир кайрат камал камиль камол
канат карапет карим карл касьян кенес кирилл клавдий клим климент кондрат кондратий
константин корней кузьма лаврентий лазарь лев леван леонард леонид леонтий линар лука
лукьян магомед магомет макар макс максим максимилиан малик малхаз мамед мамука мансур
марат марк маркел марлен марсель мартин мартын матвей махмуд мейрам мераб мехти микола
миколай милан мирас мирза мирон мирослав митрофан михаил михайло михей модест моисей
мстислав мунир мурад мурат муроджон муса муслим мухаммад мухаммед назар назарий наиль
нариман натан натиг наум нафис нестор никанор никита никифор никодим николай никон нияз
нодар нодир нурбек нурболат нуржан нурлан нурсултан ованес оганес олег олександр олексій
олесь олжас омар онисим орест орхан осип оскар остап отабек павел павло панкрат
пантелеймон парвиз парфен пахом петр петро платон порфирий потап прокофий прохор радий
радислав радмир раиль раис рамазан рамзан рамиз рамиль рамин рамис расим расул рауль
рауф рафаил рафаэль рафис рахат рахим рашид ренат ринат рифат роберт ровшан родион
роланд роман ростислав рубен рудольф рузаль руслан рустам рустамжан рустем рустэм руфат
рушан сабир сабухи савва савватий савелий саид сакен салават самат самвел самир самсон
самуил санжар сардор сармат святослав севастьян семен серафим сергей сергій серик сидор
сократ соломон спартак станислав степан сулейман султан сурен сухроб тагир таир талгат
тамаз тамерлан тарас тахир темур темури тенгиз тигран тимофей тимур тихон тогрул торнике
трофим турал улан улугбек умар умид фанис фарид фаррух фархад федор федот феликс фикрет
филипп фларид фома фрол фуад фуркат хабиб хайдар хамзат хамид харитон хасан хачатур
хикмет христофор шавкат шалва шамиль шамхан шерзод эдгар эдуард элдор эльбрус эльвин
эльдар эльмар эльмир эльхан эльчин эмиль эмин эрик эркин эрнест эрнст юлиан юлий юнус
юрий юрій юсуп юсуф юхим яков якуб ян януш яромир ярослав ясин євген іван ігор
"""

# their short forms, and men of countries without patronymics
_MALE = """
алеша алик андрейка андрюха андрюша андрійко антонио антоша антошка арик артемка боря
вадик вадя ванюша ваня василек виталик витек витя владик вова вован вовчик володя ганс
гарик гена гиви гоча гоша гриша данечка ден денчик джеймс джованни джозеф джон дима
димон добрыня дэвид егорка жан жора заза захарка игорек игореша илья илюша карло карлос
кеша кирюха кирюша коленька коля колян костя котя лаша лева ленчик леня леха леша луиджи
майкл макарка марик марио марсик матюша микита митя миша мишаня мотя никитос нико олежка
отто пабло павлик педро петя пол пьер радик рафик резо ричард рома ромка ромочка рубик
рустик санек сашко сева семочка сеня сергуня серега сережа стас стасик степа тема
тигранчик тима тимоша тимурлан толик толя томас тоша уильям федя франсуа франц фриц хосе
хуан чарльз шота шурик эдик юра юрик юрко юрочка ярик яша ілля
"""

_FEMALE = """
ава августа авдотья аврора агата агафья агнесса агния ада адалина аделаида аделина
азалия азиза аигуль аида айгерим айгуль айгюн айжан айнура айсель айсулу айсылу айтен
акбота акмарал аксинья алевтина александра александрина алена аленка алеся алика алина
алинка алиса алия алла алма алсу алтынай альбина альмира альфия амалия амелия амина
амира анаит анастасия анастасія ангелина анель анечка анжела анжелика анисия анисья
анита анна аннушка антонина ануш анфиса анька анюта аня ариадна арина арпине аружан
асель асем асия асмик астхик ася афаг аэлита аяна беата белла берта богдана божена
ботагоз бэлла валерія валечка варвара вардуи варя василиса васса венера вера вероника
верочка веста вика виктория викуля виолетта вита виталина влада владислава владлена
вікторія галина галочка галя ганна гаухар гаяне генриетта гертруда глафира гоар грета
гузелия гузель гулжан гульмира гульназ гульнара гульфия гульшат гуля гюльнара дана дания
дарина дарья дарія даша дашенька дебора джамиля джанет джейн дженнифер джессика джулия
диана дилноза дилфуза дильбар дильнара диля дина динара дияна домна ева евангелина
евдокия евпраксия егяна екатерина елена еленочка елизавета есения ефросинья жаклин жанар
жанна жансая жасмин жулдыз заира залина замира зара зарема зарина зебо земфира зиля зина
зинаида зинура злата зоряна зоя зулай зулихан зульфира зульфия зухра ида изабелла
изольда илона ильмира инга ингрид индира инесса инна иоанна ира ираида ирина иришка ирма
ирочка искра ия камила камилла камшат капитолина карина карлыгаш каролина катенька
катерина катюха катюша катя кетеван кира клава клавдия клара констанция кристина ксения
ксюша куралай кямаля лада лайма лала лали ламара лара лариса лаура лейла лейли лейсан
лена леночка ленуся леся лиана лида лидия лиза лизавета лика лили лилиана лилия лиля
лина линда лия лобар лола лолита луиза лукерья лусине люба любава любов любовь люда
людмила людочка люся лючия ляйсан ляля лілія мадина майя макка малика маликат малохат
мальвина манана мара маргарет маргарита марго марет марехи мариам марианна марина маринэ
маришка мария марта маруся марфа марьям марьяна марія матрена маша машенька медея
мелания меланья мелисса мери мила милана милена милица милолика миляуша мина мира
миранда мирослава моника мохира муза мэри надежда наденька надя надія назгуль назым
наиля наима наира нана нарине насима настасья настенька настя ната натали наталия
наталья наталія наташа наташенька нателла нафиса нелли нелля неля неонила нигора нигяр
ники нила нилуфар нина нино нонна нора нуне нурия озода оксана октябрина олександра
олена оленька олеся олечка оливия ольга оля павлина патимат паула пелагея перизат
петимат полина поля прасковья рада радмила разиля раиса раисат рамиля расима раушания
рая регина резеда резида рената римма рината рита рогнеда роза розалия роксана романа
рузалия рузанна рузиля румия русалина руслана русудан руфина сабина сабрина салима салия
сандра сандугаш сания сара сария сатеник сауле сафия света светик светлана светочка
світлана севара севда северина севиль севиндж седа селена серафима сильвия симона
сирануш снежана соломія сона соня софи софия софья софія стелла степанида стефания
сузанна сусанна сьюзан сюзанна таира таисия тамара тамила тана танечка танюша таня
тарана татевик татьяна тая тереза тетяна тина тинатин толкын тома тоня улжан ульвия
улькер ульяна уля умида урсула фаина фания фануза фарида фатима фатимат фая фекла
феодосия феруза фидан фира фирдаус флора флюза флюра франческа фрида хава хадижа хадишат
хатира хатия хеда хелен хелена христина хумар цветана чулпан шарлотта шафига шахноза
шолпан шушан эвелина эдита эка элеонора элиза элизабет элина элла эллина эльвира эльза
эльмира эльнара эльнура эля эмили эмилия эмма энн эрика эсмира эсфирь этери юлдуз юлдус
юленька юлечка юлиана юлианна юлия юля юлія юнона ядвига яна янина ярослава ясмина
євгенія ірина
"""

# Russian short forms of a man's and a woman's name, and names of either
_EITHER = """
адель адэль айнур алекс андреа валя вася габриэль даниэль даня женечка женька женя карен
крис ли мишель ника нур паша рене робин саня саша сашенька сашка сима слава стася шура
шурочка
"""

_MALE_LATIN = """
aaron abraham adrian ahmad ahmed ahmet aidan alberto aldo alejandro alessandro alexander
alexandre alexandros alexei alexey alfonso alfredo allan allen alvaro alvin ambrose amit
anatoly anders andre andreas andrei andres andrew andrii andrás angelo anil ankit
anthony antoine antony arjun armand armando arthur arturo arun ashok attila augusto
austin axel barry bart bartosz barty bastian ben benedict benjamin benoit bernard bernd
bernhard bernie bill billy bjorn björn bob bobby brad bradley brandon brendan brent
brett brian bruce bruno bryan burak byron caleb calvin carl carlo carlos cedric cesar
charles chester christian christoph christophe christopher chuck claudio claus clement
clifford clint clyde colin conrad cornelius craig cristian curt curtis cyril damian
damien damon dan daniel danny dario darrell darren darryl dave davide dean deepak dennis
derek dermot derrick diego dieter dietmar dimitri dirk dmitri dmitrii dmitry dmytro
dominic dominick dominik don donald donato doug douglas duncan dustin dwayne dylan eamon
earl eddie eddy edmund eduardo edward edwin eli elias elliot elliott elmer elton emanuel
emilio emmanuel emre enrico enrique enzo eric erich ernesto ernie ethan etienne eugen
eugene evan evgenii evgeny fabian fabio fabrice fabrizio federico felipe felix ferdinand
ferenc fernando filip filippo florian floyd francesco francisco franco francois frank
franklin franz françois fred freddie frederic frederick frederik fredrik friedrich fritz
fyodor gabor gabriel gareth garry gary gaston gavin gene gennady geoff geoffrey georg
george georges gerald gerard gerhard gianluca gilbert giles giorgi giorgio giovanni
giulio giuseppe glen gonzalo gordon graham greg gregor gregory grzegorz guido guillaume
guillermo gunther gustav gustavo guy gábor hakan hamid hamza hank hannes hans harald
harold harry harvey hassan heinrich heinz helmut hendrik henri henrik henry herbert
herman hermann hiroshi horst howard hubert hugh hugo hussein ian ibrahim ignacio imre
ion isaac istván ivo jack jacob jacques jakab jakob jakub jamal james janos jared
jaroslav jarvis jason javier jeff jeffrey jens jeremy jerome jerzy jesus jim jimmy jiří
joachim joao joaquin joel joerg joey johan johann johannes john johnny jon jonas
jonathan jonny jordi jorg jorge jose josef josep joseph joshua josé juan julian julien
julio jurgen justin jörg jürgen kareem karol karsten keith kemal kenneth kenny kevin
khalid kirk klaus klemens konrad krzysztof kurt károly lance larry lars laszlo laurent
lawrence leland leo leon leonardo leopold leroy lester lewis liam lloyd lonnie lorenzo
lothar louis luc luca lucas ludwig luigi luis lukas lukasz luke lyle lászló maciej
magnus mahmoud malcolm manfred manoj manuel marc marcel marcello marcin marco marcos
marcus marek mariano marius marko markus marlon marshall marty marvin massimo mateo
mateusz mathias mathieu matt matteo matthew matthias matthieu maurice mauricio mauro max
maxim maximilian mehmet melvin michael michal michał michel miguel mihai mikael mike
miles milos milton mitchell mohamed mohammad mohammed moritz morris moses muhammad
mukesh murray mustafa nate nathan nathaniel ned neil nelson nicholas nick nicolas niels
nigel nikhil niklas nikolai nikolaos nikolas nikolaus nils noah norbert norman olaf
oleksii oliver olivier orlando oscar oswald otis owen paolo pascal patricio patrick
patrik paul paulo pawel paweł pekka per percy pete peter petru phil philip philipp
philippe phillip pierre piotr preston péter quentin radu rafał rahul raj rajesh rakesh
ralf ralph ramon randall raphael ravi raymond reginald reinhard rene rené rex ricardo
riccardo rick ricky rob roberto roderick rodger rodney rodrigo roger rohit rolando rolf
romain ron ronald ronan ronnie ross roy rudy rufus rupert russell salvatore sammy samuel
sanjay scott sean sebastian sebastien serge sergei sergio seth shane shaun sheldon
sherman siegfried sigmund silvio simon soham sorin sotirios spencer stan stanisław
stanley stefan stefano steffen stephan stephen sterling steve steven stewart stuart
sunil suresh sven syed tadeusz tamás ted teodor terence thaddeus theo theodor theodore
thierry thomas thorsten tim timo timothy tobias todd tom tomasz tommy tomáš travis trent
trevor tristan troy tyrone udo ulf ulrich umberto uwe vaclav vasily vernon victor vijay
vikram vince vincent vincenzo vinod virgil vitaly vito vlad volker volodymyr wade
wallace walter warren wayne werner wesley wilbur wilfred wilhelm willard willem william
willie winston wladimir wojciech wolfgang xavier yann yannick yevgeny yuri yves zach
zachary zack zoltan zoltán łukasz
"""

_FEMALE_LATIN = """
abigail adela adele adriana adrienne agatha agnes agnieszka aileen aisha alba alejandra
alessandra alessia alexandra alice alicia alison allison alyssa amalia amanda amber
amelia amelie amy ana anastasia anastasiia anette angela angelica angelika anja anjali
anke ann annabel anne annette annie annika antje antonella antonia april astrid audrey
aurelie aurora ayse ayşe barbara beate beatrice beatriz becky berit bernadette bernice
bertha beth bethany betty beverly bianca birgit birgitta bonnie brenda bridget brigitte
brittany brooke camila camilla camille candace candice carina carla carmel carmen carol
carole carolina caroline carolyn carrie cassandra catarina caterina catherine cathy
cecile cecilia celeste celia celine charlene charlotte chelsea cheryl chiara chloe
christa christel christiane christina christine cindy claire clara clarissa claudia
claudine clementine colette colleen concetta connie constance cora corinna corinne
cornelia cristina crystal cynthia daisy daniela daniella danielle daphne daria darlene
debbie deborah debra deepika deirdre delphine denise diane dolores dominika donna dora
doreen doris dorothea dorothy edith edna eileen elaine eleanor elif elisa elisabeth
elisabetta elise elizabeth elke ellen elodie eloise elsa elsie emilia emilie emily emine
erica erin erzsébet esmeralda estelle esther ethel eugenia eugenie eve evelyn ewa
fabiola faith fatma federica felicia felicity fernanda fiona florence francesca
francoise franziska freda frieda gabriela gabriella gabrielle gail gemma genevieve
georgia georgina geraldine gertrud gertrude giada gina gisela giulia gladys gloria grace
graciela gretchen gudrun gwen gwendolyn hana hanna hannah hannelore harriet hatice
heather hedwig heidi heike helen helena helene helga henrietta hilary hilda hildegard
holly ilona ilse ines inge ingeborg ioana irena irene iris isabel isabella isabelle
ivana ivonne iwona jacqueline jana jane janet janice janina jasmine jeanette jeanne
jennie jennifer jenny jessica jill jitka joan joanna joanne johanna josefina josephine
joy joyce juana juanita judith judy julia juliana juliane julie juliet juliette julija
june justyna jutta karin karla katalin katarina katarzyna kate kateryna katharina
katherine kathleen kathrin kathryn kathy katia katie katja katrin katrina kavita kayla
kendra kerstin khadija kimberly kirsten krista kristen kristin kristine kristy ksenia
lakshmi lauren laverne lea leah leanne leila lenka leonie leonora leticia liane lidia
lilia lilian lillian lily lindsay lindsey lisa liudmila livia lois lorena loretta lorna
lorraine louisa louise lucia luciana lucie lucille lucinda lucy ludmila luisa luise lula
lydia lynda lynn mabel mackenzie madeleine madeline madison magda magdalena maggie
malgorzata mandy manuela marcella marcia marcy margareta margaux margot marguerite maria
mariana marianne marie mariia marija marion marisa marissa marjorie marla marlene martha
martina mary mathilde matilda maud maureen maxine małgorzata meera megan melanie melinda
mercedes meredith michaela michelle mihaela mildred mindy minnie miriam mirjam misty
moira molly monica monique muriel myra myriam nadia nadine nadja nancy naomi natalia
natalie nataliia natalja nathalie neha nelly nettie nicole nikki noemi noreen norma
nuria octavia odette olivia opal ophelia paige pamela patrice patricia patsy patti patty
paulina pauline peggy penelope penny petra phoebe phyllis pilar pooja priscilla priya
priyanka rachel rafaela ramona raquel rebecca regine renate rhonda roberta rocio romina
rosa rosalie rosalind rosanna rose rosemarie rosemary rosie roxana roxanne ruby ruth
sabine sadie sally samantha sarah saskia selina serena sharlene sharon sheila shelby
sherry sheryl shirley shreya silke silvia sofia sofie sonia sonja sonya sophia sophie
stacey staci stacie stefania stefanie stephanie sue sunita susan susana susanne suzanne
svenja sybille sylvia sylvie tabitha tami tammy tania tanja tara tasha tatiana tatjana
teresa tetiana thelma theresa therese tiffany tilda tonya tracey traci trisha trudy
tuula ulrike ute valentina valeria valerie vanessa velma verena verna veronica vickie
vicky victoria viktoria viktoriia vilma viola violet virginia vivian viviana vivien
wanda wendy wilhelmina wilma winifred xenia yasmin yasmine yelena yolanda yulia yuliia
yvette yvonne zainab zelda zeynep zoe zofia zsofia zsuzsanna zuzana éva
"""

_EITHER_LATIN = """
addison adel alex alexis ali andrea andy angel ariel ashley aubrey avery bailey blair
bobbie cameron carey casey charlie chris claude courtney dakota dale dana dani daniele
dominique drew elia emerson frances francis gabriele glenn harper hayden ira jackie
jaime jamie jan jay jean jerry jess jesse jo jocelyn jordan jude jules kai karen kelly
kendall kerry kim kit kyle laurence lee leigh lesley leslie logan loren lou marian
maxime mel micah michele mickey micky misha morgan nicki nicky nico nicola noel parker
pat peyton quinn randy ray reese riley robin rory rowan ryan sacha sam sandy sasha
shannon shawn shelley sidney simone skyler stacy steph sydney tatum taylor terry toby
toni tony tracy tyler val valery vanya wendell will yael zhenya
"""

_IRREGULAR_PATRONYMICS = """
гаврилович данилович ильич иваныч львович михайлович михалыч палыч павлович петрович
самойлович сергеич николаич яковлевич якович
"""


def _words(*lists: str) -> set[str]:
    return {word for words in lists for word in words.split()}


def _genders() -> dict[str, Gender | None]:
    """Return whom each name is given to, Cyrillic ones in Latin letters too."""
    lists: tuple[tuple[Gender | None, set[str], set[str]], ...] = (
        ("male", _words(_FATHERS, _MALE), _words(_MALE_LATIN)),
        ("female", _words(_FEMALE), _words(_FEMALE_LATIN)),
        (None, _words(_EITHER), _words(_EITHER_LATIN)),
    )
    genders: dict[str, Gender | None] = {}
    for gender, cyrillic, _ in lists:
        genders.update(dict.fromkeys(cyrillic, gender))
        genders.update(dict.fromkeys(map(to_latin, cyrillic), gender))
    # Даниэль is a woman's name too, Daniel is not
    for gender, _, latin in lists:
        genders.update(dict.fromkeys(latin, gender))
    return genders


def _patronymics(father: str) -> Iterator[str]:
    """Yield what the sons of a man may be called, likely and unlikely forms."""
    stem = father[:-1]
    if father.endswith(("ий", "ій")):
        yield from (f"{stem}евич", f"{stem[:-1]}ьевич", f"{stem}йович")
    elif father[-1] in "йь":
        yield f"{stem}евич"
    elif father[-1] in "ао":
        yield from (f"{stem}ич", f"{stem}ович")
    else:
        yield from (f"{father}ович", f"{father}евич", f"{father}ич")


#: name → whom it is given to; None where to men and women
GENDERS: Final = MappingProxyType(_genders())

#: patronymics of men; there are surnames that end like them
PATRONYMICS: Final = frozenset(
    {
        *(name for father in _FATHERS.split() for name in _patronymics(father)),
        *_IRREGULAR_PATRONYMICS.split(),
    }
)
