"""Owns the phrases that tell what kind of statement a sentence is.

All but `CITES` are looked for in the sentence in lower case: without `re.IGNORECASE` they are found in a third of the time.
"""

from __future__ import annotations

import re

OWN = re.compile(
    r"\b(?:we|our|ours|us|the (?:present|current) \w+|(?:this|present|current) (?:(?:pilot|clinical|randomi[sz]ed|controlled|small|large|first|preclinical|feasibility|exploratory|"
    r"retrospective|prospective|observational|cohort) |meta-){0,3}(?:study|trial|analysis|review|series|cohort|report|work|paper|project|experience|meta-analysis|survey|investigation|sub-?analysis))\b",
)
OURS = re.compile(
    r"\b(?:we|our|ours|us|(?:the|our) (?:present|current) \w+|(?:present|current) (?:\w+ )?(?:study|trial|analysis|review))\b"
)
"""What speaks of the study at hand even behind a sentence on another one, of which "this study" may speak."""
ELSEWHERE = re.compile(
    r"\bcochrane\b|\b(?:in|by) the (?:largest|first|only|original|landmark) (?:[\w-]+ ){0,3}?(?:study|trial|review)\b|^(?:[\w-]+ ){0,2}(?:studies|trials)\b|\b(?:previous|prior|earlier|other|published|both|another|historical|systematic|recent) (?:[\w-]+ ){0,2}?(?:study|studies|trials?|reviews?|reports?|works?|series|cohorts?|meta-analys[ie]s)\b"
)
"""What names other work, reported or not."""
CITES = re.compile(
    r"\bet al\b|\b(?:and|&) (?:colleagues|co-?workers|associates)\b|\b[A-Z][\w’'-]+(?: (?:and|&) [A-Z][\w’'-]+)? \((?:19|20)\d\d[a-z]?\)|\([A-Z][\w’'-]+(?: (?:and|&) [A-Z][\w’'-]+)?,? \d{4}[a-z]?(?:;|,|\))|"
    r"\(\d{1,3}(?:\s?[,;–-]\s?\d{1,3})*\)(?=[.,;]?$)|(?<=[a-z]{4})\d{1,2}(?:[,–-]\d{1,2})*(?=[.,;]?$)"
)
OTHERS = re.compile(
    r"\b(?:(?:an?|one|two|three|several|many|some|most|other|others|another|previous|prior|earlier|recent|larger?|published|existing) (?:[\w-]+ ){0,4}?"
    r"(?:studies|study|trials?|meta-analys[ie]s|reviews?|reports?|series|cohorts?|authors|investigators|researchers)\b(?: [\w-]+){0,5}? "
    r"(?:found|showed|shows?|shown|report(?:ed|s)?|observed|demonstrated?|suggest(?:ed|s)?|concluded|described|noted|revealed|indicate[ds]?)"
    r"|(?:in|by|from) (?:an?|one|two|three|several|other|another|previous|prior|earlier|recent) (?!future|blinded)(?:[\w-]+ ){0,4}?(?:studies|study|trials?|meta-analys[ie]s|reviews?|reports?|literature)"
    r"|(?:has|have) been (?:\w+ )?(?:shown|reported|demonstrated|described|observed|published) (?:in|by|to|that))\b"
)
"""What tells of other work without a marker: "a previous meta-analysis found", "in an earlier trial"."""
LIKENED = re.compile(
    r"\b(?:similar|comparable|consistent|compar\w+|agree\w*|accord\w*|contrast\w*|line|than|unlike|as|confirm\w*|extend\w*)\b"
)
"""What compares an own result with other work."""
AIM = re.compile(
    r"\b(?:aim(?:s|ed)?|goals?|purpose|objectives?|hypothesi[sz]ed?s?|sought|set out|set off|were interested|wished|"
    r"wanted|intended|designed|planned) (?:\w+ ){0,5}?(?:to|was|is|were|of|that|whether|if)\b|"
    r"\bthe (?:aims?|goals?|purpose|objectives?|hypothesis)\b|"
    r"\b(?:we|study|trial|project|review|paper|report|article|analysis)\b[^.;]{0,40}\b(?:investigat\w+|examin\w+|evaluat\w+|assess\w+|asked|tested|explor\w+|describ\w+|"
    r"address\w*|compar(?:es?|ed)|search\w*|develop\w*|conduct\w*|perform\w*|review\w*|discuss\w*|presents?|includ\w+|analy[sz]\w+|quantif\w+|us(?:es?|ed)|design\w*|recruit\w*|enrol\w*)\b",
)
DONE = re.compile(
    r"\b(?:was|were|is|are|being|been) (?:\w+ly |then |also |first |not |all |subsequently |each )*(?:randomi[sz]ed|randomly|allocated|assigned|recruited|enrolled|screened|invited|"
    r"excluded|included|eligible|instructed|asked|given|administered|injected|infused|dosed|measured|assessed|evaluated|calculated|computed|analy[sz]ed|"
    r"collected|obtained|recorded|performed|conducted|carried out|used|applied|taken|stained|incubated|harvested|sacrificed|euthani[sz]ed|implanted|"
    r"anaestheti[sz]ed|anestheti[sz]ed|placed|prepared|stored|washed|purchased|cultured|grown|seeded|transfected|trained|tested|examined|compared|matched|stratified|adjusted|"
    r"defined|considered|categori[sz]ed|classified|graded|scored|coded|monitored|followed|treated|scheduled|approved|registered|designed|powered|chosen|selected|"
    r"presented|mounted|sectioned|imaged|acquired|captured|extracted|transferred|depleted|searched|pooled|derived|generated|determined|estimated|modell?ed|entered|interviewed|contacted|blinded|masked|housed|fed)\b",
)
FOUND = re.compile(
    r"\b(?:significan\w+|differ(?:ed|s|ence|ences|ent)?|higher|lower|greater|less|fewer|longer|shorter|larger|smaller|"
    r"increas\w+|decreas\w+|reduc(?:ed|tions?|es?|ing)|improv\w+|worse\w*|declin\w+|rose|fell|elevated|attenuat\w+|prolong\w+|"
    r"associat\w+|correlat\w+|predict(?:ed|ive|or|ors)|relat(?:ed|ion|ionship)|effect(?:s|ive|iveness)?|similar|comparable|unchanged|change[sd]?|"
    r"observed|found|showed|shown|revealed|demonstrated|detected|occurred|developed|experienced|reported|achieved|reached|completed|died|survived|survival|"
    r"discontinued|withdr[ae]w\w*|remained|resulted|led to|failed|able to|unable|no (?:evidence|changes?|serious|adverse|cases|deaths?)|none|prevalence|incidence|"
    r"median|mean|proportion|percent\w*|rate|odds|hazard|ratio|risk|had|responded|responses?|recover\w+|inhibit\w+|suppress\w+|induc\w+|abolish\w+|"
    r"express\w+|enhanc\w+|accounted|consisted|common(?:ly)?|frequent(?:ly)?|likely|majority|most|half|tolerated)\b",
)
OWN_FINDING = re.compile(
    r"\b(?:we|our (?:\w+ ){0,3}?(?:stud\w+|data|results?|findings?|analys[ie]s|trial|experiments?|work|series|cohort|review|patients|group|laborator\w+))\b[^.;]{0,60}?\b(?:found|observed|showed|shown?|"
    r"demonstrat\w+|saw|detected|identified|noted|reported|confirm\w*|reveal\w*|report|find|did not|were able|could not|failed|recapitulate|achieved)\b|"
    r"\b(?:in|of) (?:our|this|the (?:present|current)) (?:\w+ )?(?:study|trial|series|cohort|analysis|experiments?|data|sample|population|work|patients|review|meta-analysis)\b|"
    r"\b(?:this|the present|the current|present|current) (?:\w+ ){0,2}?(?:study|trial|analysis|review|series|meta-analysis|cohort|work) (?:\w+ ){0,2}?(?:found|showed|shows|demonstrat\w+|reveal\w+|"
    r"confirm\w+|identified|observed|failed|did not|provides? evidence)\b|\b(?:fig(?:ure|s|\.)?|table)s? ?\d",
)
INFERS = re.compile(
    r"\b(?:suggest(?:s|ing|ed)?|indicat(?:es?|ing)|impl(?:y|ies|ying)|conclu(?:de|ded|sion|sions)|support(?:s|ing)? (?:the|a|our)|appears? (?:to|that)|seems?|"
    r"may|might|could|likely|probabl[ey]|possib(?:le|ly|ility|ilities)|potential(?:ly)?|promising|promise|therefore|thus|hence|taken together|together,|overall,|"
    r"in (?:conclusion|summary|short)|to (?:conclude|summari[sz]e|sum up)|we (?:believe|propose|speculate|think|postulate|interpret|argue)|can be (?:explained|attributed|interpreted)|"
    r"explain(?:s|ed)?|reflects?|due to|attribut\w+|highlights?|underscores?|emphasi[sz]es?|provides? (?:evidence|insight|support|proof|a (?:basis|rationale))|is (?:a |an )?(?:safe|feasible|effective|efficacious|useful|well tolerated|superior|non-?inferior)|"
    r"are (?:safe|feasible|effective|efficacious|useful|well tolerated))\b",
)
ENDS_IT = re.compile(
    r"^(?:in (?:conclusion|summary)|to (?:conclude|summari[sz]e|sum up)|we (?:therefore )?conclude|taken together|together,|collectively|"
    r"these (?:results|data|findings|observations)|this (?:suggests|indicates|implies|finding|result)|(?:our|the present|the current) (?:\w+ )?(?:results|data|findings|study|observations)|"
    r"overall,|thus|therefore|hence|conclusions?\b|it is (?:therefore |thus )?(?:possible|likely|unlikely|conceivable)|it (?:therefore |thus )?(?:seems|appears) that)",
)
INFERRED = re.compile(
    r"\b(?:results?|findings?|data|observations?) (?:of|from) (?:our|this|the (?:present|current)) (?:\w+ ){0,3}?(?:suggest|indicate|support|imply|impl|point to|argue)|"
    r"\b(?:probably|presumably|could be (?:explained|due|attributed)|(?:may|might) (?:be|have|reflect|explain|also|not|well))\b",
)
"""What an author infers of his own results, "in our study" or not."""
GUESSED = re.compile(r"\b(?:more|less|most|least|as|equally|not) likely\b")
"""Odds that were found, no guess: "were more likely to recover"."""
WE_DID = re.compile(
    r"\b(?:we|our (?:team|group)) (?:\w+ly |also |then |next |first |therefore |thus |only |did not |again |further )*(?!found|find|show|observ|saw|see|detect|demonstrat|report|identif|not|confirm|reveal|notic|not|conclu|believ|suggest|specul|think|succeed|fail|reach|achiev|need|receiv|establish|obtain|enrol|recruit|screen|randomi|exclud|includ|experienc|encounter|lack|learn|succe|record|document|replicat|recapitulat|verif)"
    r"(?:[a-z]+ed|chose|took|made|used|use|employ|define|compute|consider|apply|perform|measure|analy[sz]e|compare|quantify|calculate|investigate|examine|focus|model|simulate|build|built|ran|run|fit|set|took advantage|made use)\b"
)
"""What the authors did, no finding: "we quantified", "our team then compared"."""
WAS_DONE = re.compile(
    r"\b(?:was|were|is|are|being|been) (?:\w+ly |then |also |first |next |not |all |again |each )*(?:analy[sz]ed|assessed|quantified|measured|evaluated|examined|investigated|explored|tested|compared|calculated|computed|determined|estimated|modell?ed|simulated|"
    r"averaged|normali[sz]ed|z-scored|divided|plotted|fitted|defined|classified|categori[sz]ed|scored|labell?ed|stained|imaged|recorded|acquired|sampled|stimulated|perfused|dissected|isolated|harvested|collected|prepared|sectioned|incubated|cultured|transfected|injected|"
    r"implanted|infused|administered|given|applied|exposed|subjected|placed|trained|housed|randomi[sz]ed|assigned|allocated|performed|conducted|carried out|repeated|used|employed|chosen|selected|extracted|generated|designed|set|presented with|asked|instructed|combined|sorted|sequenced|amplified|visuali[sz]ed|monitored|tracked|filtered|aligned|pooled|based on)\b"
)
TO_WHAT = re.compile(
    r"\b(?:whether|if|to (?:determine|test|assess|examine|evaluate|investigate|see|compare|explore|estimate|quantify|measure|study))\b.*"
)
"""What is asked, no answer to it."""
ANSWERS = re.compile(
    r"\b(?:significan(?:t|tly)|differ(?:ed|s|ence|ences)|higher|lower|greater|fewer|longer|shorter|faster|slower|larger|smaller|stronger|weaker|earlier|later|more|less|increas(?:ed|es|ing)|decreas(?:ed|es|ing)|reduc(?:ed|tion|tions|es)|improv(?:ed|es|ement)|prolong\w+|"
    r"elevated|diminished|enhanced|impaired|abolished|attenuated|unchanged|similar|comparable|same|correlated|associated|predicted|found|showed|shown to|shows?|revealed?|reveals|demonstrated?|observed|detected|seen|confirmed|no (?:evidence|change|changes|effect|serious|adverse)|not (?:affect|alter|change|differ)|completed|died|survived|withdr[ae]w\w*|resulted|yielded|led to|remained|developed|occurred|responded|above|below|success\w*|adverse|none|neither|no \w+ (?:was|were))\b|^no\b|\d\s?%|\bp ?[<=>]"
)
"""What a sentence on a result says; one that has none of it under Results tells what was done."""
OF_THEM = re.compile(
    r"^(?:they|their|these (?:authors|investigators|studies|reports)|the authors|the investigators|those|that (?:study|trial)|(?:in|of|from|by) (?:that|their|those|these) (?:\w+ )?(?:stud\w+|trials?|series|reports?|cohorts?|patients)|(?:his|her) )\b"
)
"""What goes on about the work that the sentence before tells of."""
INDEFINITE = re.compile(
    r"^(?:(?:interestingly|however|moreover|furthermore|in addition|additionally|also|similarly|in contrast|conversely|likewise),? )?(?:an?|one|another|several|many|some|most|few|other|various|numerous|previous|prior|earlier|recent|early|large|small|there (?:is|are|has|have)|it (?:is|has)|studies|trials|patients with|people with|in (?:an?|one|another|several|many|some|most|few|other|previous|animals?|humans?|vitro|vivo|patients|people|general))\b"
)
"""A beginning that names no group of the study at hand."""
ORDINAL = re.compile(
    r"^(?:first|second|third|fourth|fifth|last|final|additional|further)(?:ly)?\b|^(?:another|also|in addition|moreover|furthermore|besides|one (?:more )?(?:limitation|issue|concern))\b|^(?:a|one|the) (?:second|third|further|final|last)\b"
)
"""How the members of a list of limitations begin."""
NAMES_LIMITS = re.compile(r"\b(?:limitations?|weakness(?:es)?|shortcomings?|drawbacks?)\b")
SHOWN = re.compile(r"\b(?:fig(?:ure|s|\.)?|tables?) ?s?\d")
"""A figure or table of the document itself."""
ADVISES = re.compile(
    r"\b(?:should(?! (?:be|not be)? ?(?:noted|interpreted|kept in mind|mentioned|acknowledged|emphasi[sz]ed|pointed))|recommend(?:s|ed|ation|ations)?|ought to|must(?! have)|advis(?:e|ed|able)|"
    r"need(?:s)? to be (?:\w+ly )?(?:consider|evaluat|monitor|perform|develop|undertak|address|confirm|test|stud|design|done|made|ta)\w*|needs? to (?:be|develop|consider)\b|will need\b|"
    r"(?:further|future|larger|more|additional|long-term|longer|randomi[sz]ed)[^.;]{0,60}\b(?:needed|required|warranted|necessary|essential|merited|investigat\w+|studies|research|trials|work)\b|"
    r"warrants? (?:further )?\w+|is (?:needed|required|warranted|essential|indicated|contraindicated)|are (?:needed|required|warranted|contraindicated)|we (?:suggest|advocate|urge|encourage|advise|propose) (?:that|to|the use)|"
    r"clinicians|first[- ]line|guidelines?\b[^.]{0,40}\b(?:recommend|suggest|advise))\b",
)
STRONG_ADVICE = re.compile(
    r"\b(?:(?:will|would) need (?:to be|guidance|further|additional|more)\b|should(?! (?:be|not be)? ?(?:noted|interpreted|kept in mind|mentioned|acknowledged|emphasi[sz]ed|pointed))|(?:is|are) (?:strongly |therefore |not )?recommended|we recommend|must(?! have)|is advisable|are advised|"
    r"(?:further|future|larger|more|additional)[^.;]{0,60}\b(?:needed|required|warranted|necessary|essential|would be (?:important|useful|of interest))\b|warrants? (?:further )?\w+)",
)
LIMITS = re.compile(
    r"\blimit(?:ed|ation|ations|s|ing)?\b[^.]{0,60}\b(?:stud|sample|data|number|analys|review|trial|generali|power|follow|by|our|size|includ|result|conclu|this|evidence)\w*|\b(?:the|several|some|main|major|important|potential|another|our|this|first|second|third|following|these|study) limitations?\b|"
    r"\blimitations? (?:of|to|include|is|was|are|were)\b|\b(?:selection|recall|reporting|publication|attrition|detection|performance|information|response|residual|ascertainment) bias\b|subject to bias|\bbias(?:ed)?\b|confound\w+|"
    r"\b(?:small|limited|insufficient|modest) (?:sample|number|cohort|study|population|patient|group|power)\w*|\bsmall (?:size|numbers?)|underpowered|lack(?:ed|ing|s)? (?:of )?(?:statistical )?(?:power|a control|control|blinding|data|information|long|randomi)\w*|"
    r"\bgenerali[sz]\w+|\bcannot (?:be )?(?:rule|exclude|infer|conclude|determine|establish|extrapolat)\w*|not (?:been )?(?:possible|able|available|powered|blinded|randomi[sz]ed|assessed|collected|measured|recorded|examined|controlled)\b|"
    r"\b(?:heterogene(?:ous|ity))\b|interpreted with (?:\w+ )?caution|caution|short follow-?up|\b(?:do|does|did) not (?:permit|allow)\b|\blimited by\b|single[- ](?:cent|institution|site)\w*|self-report\w*|retrospective (?:nature|design)|weakness\w*|shortcoming\w*|drawback\w*|missing data|loss to follow-up",
)
STRONG_LIMIT = re.compile(
    r"\b(?:several|some|main|major|important|potential|another|our|this|first|second|third|study|key|primary|one|possible) (?:\w+ )?limitations?\b|^limitations?\b|\blimitations? (?:of (?:our|this|the (?:study|present|current|review|trial|analysis))|to this|include)\b|"
    r"\bthe limitations?\b|\b(?:our|this|the (?:present|current)) (?:\w+ )?(?:study|trial|analysis|review|findings|results)\b[^.]{0,30} (?:was|were|is|are) (?:\w+ )?limited\b|\bour (?:\w+ )?(?:small|limited) sample|\bunderpowered\b|interpreted with (?:\w+ )?caution|\bcaution(?:s|ed)?\b|\b(?:our|the) (?:study |patient )?(?:sample|cohort|groups?) (?:size )?(?:was|is|were) (?:\w+ )?(?:small|limited|modest)\b|subject to (?:\w+ )?bias|\b(?:was|were|is|are) (?:also |further |therefore )?limited by\b|\b(?:does|do|did) not (?:permit|allow) (?:\w+ ){0,3}?(?:conclusions?|exploration|inferences?|comparisons?|assessment|analys[ie]s)\b|was not available\b|were not available\b|"
    r"\bsample size (?:was|is|of this|in this|may|limited)|\bsmall sample\b|\b(?:selection|recall|publication|attrition|residual|detection) (?:bias|confounding)\b",
)
DEFINES = re.compile(
    r"^(?!we\b)[^.;]{2,70}?\b(?:is|are|was) (?:commonly |generally |usually |often |clinically |here )?(?:defined (?:as|by)|known as|termed|referred to as|characteri[sz]ed (?:as|by))\b|"
    r"\b(?:refers? to|is the term|denotes?|the definition of)\b",
)
PATIENT = re.compile(
    r"\b(?:a|an|the|this|our|female|male) (?:\w+[- ]){0,3}?(?:patient|man|woman|boy|girl|infant|child|female|male) (?:was|had|presented|underwent|who|with|received|reported|developed|died|remained|complained|noted|did)\b|"
    r"\b\d{1,3}[- ]?(?:yr|year|month|week|day)s?[- ]old\b|^(?:he|she|his|her)\b|\b(?:he|she) (?:was|had|under|received|remained|then|died|reported|did)\w*",
)
ONE = re.compile(
    r"\b(?:case report|case presentation|case description|illustrative case|first-in-human|case \d+|patient \d+|history and|(?:clinical|patient|case) histor(?:y|ies))\b",
)
SIGNPOST = re.compile(
    r"^(?:as )?(?:shown|depicted|listed|summari[sz]ed|presented|described|detailed|illustrated|displayed|reported) (?:in|below|above)\b|"
    r"^(?:the )?(?:supplement\w* )?(?:fig(?:ure|s|\.)?|tables?|box|appendix)s? ?\w{1,4} (?:shows?|presents?|summari[sz]es|lists?|displays?|illustrates?|depicts?|provides?|gives?|describes?)\b|"
    r"\b(?:are|is|were|was) (?:shown|depicted|listed|summari[sz]ed|presented|described|detailed|illustrated|displayed|provided|given|reported|outlined) in (?:the )?(?:supplement\w* )?(?:online |additional |web )?(?:fig|table|box|append|file|material)",
)
FIRST_STUDY = re.compile(
    r"\b(?:this|the present|the current|our) (?:\w+ )?(?:is|was) (?:\w+ )?(?:the )?first\b[^.]{0,30}\b(?:study|trial|report|analysis)",
)
EMPLOYED = re.compile(
    r"\b(?:model|method|test|criteria|analysis|analyses|questionnaire),? (?:\S+ ){0,12}?(?:was|were) (?:employed|used|applied|performed)\b",
)
ASKS = re.compile(
    r"\b(?:to (?:determine|test|investigate|examine|assess|evaluate|explore|further|address|confirm|verify|understand|elucidate|prove|establish|see)\b|"
    r"we (?:next|then|also|first|therefore) (?:asked|tested|examined|investigated|assessed|performed|compared|analy[sz]ed|evaluated|quantified|measured))",
)
REPORTS = re.compile(r"\b(?:found|observed|showed|revealed|demonstrated|significant\w*|no difference)\b")
EARLIER = re.compile(
    r"\b(?:we|our) (?:\w+ )?(?:previous(?:ly)?|recent(?:ly)?|earlier|prior)\b|\b(?:has|have) (?:previously|recently) (?:been )?(?:shown|reported|published|demonstrated|described)|\bour recent\w* published",
)
PAST = re.compile(
    r"\b(?:was|were|had|did|demonstrated|showed|reported|increased|decreased|remained|coincided|improved|reduced|led|lost|gained|achieved|received|experienced|occurred|developed|fell|rose|worsened|declined|"
    r"resulted|completed|tended|produced|failed|exhibited|revealed|lowered|prolonged|attenuated|prevented)\b"
)
NOT_PAST = re.compile(
    r"\b(?:is|are|has|have|would|could|may|might|can|will|should|the authors|does|do|needs?|means?|remains|impacts?|suggests?)\b"
)
"""What a sentence that only tells what happened does not hold."""
GROUP = re.compile(
    r"\b(?!the |this |that |each |both |one |other |which |control |placebo |treatment |intervention |experimental |study |two |three |same |first |second |age |patient |comparison )([\w+/-]{2,}) (?:groups?|arms?|side)\b"
)
"""A group of its own name: "the drain group"."""
PRINTED = re.compile(r"\d(?<![\d.]\d)(?:\d*\.\d+(?![\d.])|\d{1,2}(?=\s?%))")
"""A number by which a result is known again: a decimal, a percentage of two figures.

What stands before it is looked at behind its first digit: a pattern that begins with a digit is looked for at digits alone.
"""
STRENGTH = re.compile(r"\bstrengths?\b")
HEDGED = re.compile(
    r"\b(?:may (?:be|have|reflect|explain|indicate|play|represent|contribute|well)|might (?:be|have|reflect|explain)|(?:is|are) (?:therefore |thus |highly |un)*likely (?:to|that|for|due)|"
    r"it is (?:therefore |thus )?(?:possible|likely|unlikely|conceivable)|this (?:conclusion|suggests|indicates|implies)|could be (?:explained|due|attributed))\b",
)
ARRANGED = re.compile(
    r"\b(?:we (?:next |then |also |first |therefore |further )?(?:quantified|performed|annotated|examined|tested|asked|returned|analy[sz]ed|measured|assessed|compared|investigated|used|treated|stained|injected|classified|generated|focused|applied|turned)|"
    r"(?:mice|rats|animals|patients|participants|subjects|cells|samples|classifiers?|models?|tissues?|children|women|men|volunteers|lines?|profiles) (?:\w+ )?(?:was|were) (?:\w+ly |then |also |first |subsequently )*(?:treated|implanted|injected|depleted|given|trained|tested|compared|randomi[sz]ed|presented|stained|obtained|instructed|asked|placed|exposed|divided|assigned|derived)|"
    r"(?:was|were) (?:\w+ly |then |also )*(?:presented|performed|obtained|conducted|carried out|administered|used to|based on|employed))\b",
)
OUTCOME = re.compile(
    r"\b(?:significan\w+|differ(?:ed|s|ence|ences)|higher|lower|greater|fewer|longer|shorter|increas\w+|decreas\w+|reduc(?:ed|tion|tions)|improv\w+|prolong\w+|"
    r"associat\w+|correlat\w+|found|showed|shown|revealed|demonstrated|observed|no (?:evidence|change|serious|adverse)|completed|died|withdr[ae]w\w*|resulted)\b|\d\s?%",
)
TESTED = re.compile(
    r"\b(?:higher|lower|greater|less|fewer|longer|shorter|larger|smaller|increased|decreased|reduced|improved|fell|rose|worse|better|correlated|differed|"
    r"did not differ|no (?:significant |statistically )*difference|similar|comparable)\b"
)
LEVEL = re.compile(
    r"significan(?:t|ce) (?:level|at|was set|if|when)|(?:level|threshold) (?:of|for)|considered|regarded|defined|denot|indicat|taken (?:as|to)|deemed|accepted|set (?:at|to)|power|sample size"
)
SAW = re.compile(r"\b(?:found|observed|showed|revealed|significant\w*|differ\w+)\b")
PURPOSE = re.compile(r"\b(?:aim|goal|purpose|objective|hypothes|asked|sought)")
OPENS_AIM = re.compile(r"^(?:the )?(?:\w+ )?(?:aims?|goals?|purpose|objectives?|to )\b")
HERE = re.compile(r"\b(?:here|herein)\b")
SHOWS = re.compile(r"\b(?:show|find|found|demonstrate|report that)")
OPENS_OWN = re.compile(r"(?:we|in (?:this|the present|the current) (?:study|trial|paper|review|report|work|article))\b")
WE_INFER = re.compile(r"we (?:believe|propose|speculate|think|postulate|hypothesi[sz]e|interpret|argue|conclude)")
TO_STUDY = re.compile(
    r"to (?:determine|assess|evaluate|compare|investigate|examine|describe|study|test|explore|estimate)\b"
)
WE = re.compile(r"\bwe\b")
AIMS = re.compile(r"(?:the )?(?:aims?|objectives?|purpose)\b")
WE_FOUND = re.compile(
    r"\bwe (?:\w+ly |also |then |further )?(?:found|show|showed|observed|demonstrate|demonstrated|report|identified|detected|find)\b"
)
GOT = re.compile(r"\b(?:found|observed|significant\w*|higher|lower|reduced|increased|improved)\b")
ADVICE = re.compile(r"\bshould\b|recommend")
