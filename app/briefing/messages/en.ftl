### What a briefing says, in English. Read by the server and by the phone.
###
### A message is a claim in plain words with its figure in **…**; the attribute `.why` is an optional second sentence.
### Variables are the facts of the line. A date or instant fact `x` comes as
###   $x       today · yesterday · tomorrow · Thursday · 9 November · 9 November 2025
###   $x_on    the same after a preposition: today · on Thursday · on 9 November
###   $x_span  the distance to today: 1 day · 6 days · 3 weeks · 4 months
###   $x_in    the distance with its direction: today · tomorrow · in 3 weeks · yesterday · 6 days ago
###   $x_when  past · today · future (to select by)
### and an instant also as $x_time (06:00). Money comes formatted; yes and no come as "yes" and "no".

## Dates

date-word = { $form ->
    [yesterday] yesterday
    [today] today
    [tomorrow] tomorrow
    [weekday] { date-weekday }
    [day] { $day } { date-month }
   *[year] { $day } { date-month } { $year }
}
date-on = { $form ->
    [yesterday] yesterday
    [today] today
    [tomorrow] tomorrow
    [weekday] on { date-weekday }
    [day] on { $day } { date-month }
   *[year] on { $day } { date-month } { $year }
}
date-weekday = { $weekday ->
    [1] Monday
    [2] Tuesday
    [3] Wednesday
    [4] Thursday
    [5] Friday
    [6] Saturday
   *[7] Sunday
}
date-month = { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
}
date-span = { $unit ->
    [day] { $n } { $n ->
        [one] day
       *[other] days
    }
    [week] { $n } { $n ->
        [one] week
       *[other] weeks
    }
    [month] { $n } { $n ->
        [one] month
       *[other] months
    }
   *[year] { $n } { $n ->
        [one] year
       *[other] years
    }
}

date-in = { $form ->
    [yesterday] yesterday
    [today] today
    [tomorrow] tomorrow
   *[other] { $when ->
        [past] { date-span } ago
       *[future] in { date-span }
    }
}

## Cards

card-before = Before you go in
card-people = People
card-since = Since you last met
card-usage = Usage
card-service = Service
card-news = News
card-promises = Promises and contract
card-quotes = Open quotes
card-offer = Worth offering

## Tickets

ticket-open_urgent = { $urgent ->
    [one] **{ $title }** is open and urgent.
   *[other] **{ $urgent } urgent tickets** are open.
}
    .why = { $urgent ->
        [one] Ticket { $number }, opened { $oldest_on }.
       *[other] The oldest is “{ $title }”, opened { $oldest_on }.
    }
ticket-open = { $open ->
    [one] **{ $title }** is open.
   *[other] **{ $open } tickets** are open.
}
    .why = { $open ->
        [one] Ticket { $number }, opened { $oldest_on }.
       *[other] By priority: { $urgent } urgent, { $high } high, { $normal } normal, { $low } low.
    }
ticket-overdue = **{ $title }** { $due_when ->
    [past] is **{ $due_span } late**.
   *[future] is due **{ $due }**.
}
    .why = { $more ->
        [0] Ticket { $number }, due { $due_on }.
        [one] Ticket { $number }, due { $due_on }. One more ticket is late.
       *[other] Ticket { $number }, due { $due_on }. { $more } more tickets are late.
    }
ticket-reopened = **{ $title }** was solved and came back **{ $times ->
        [one] once
        [2] twice
       *[other] { $times } times
    }**.
    .why = Ticket { $number }, last reopened { $reopened_on }.
ticket-ageing = **{ $title }** has been open for **{ $opened_span }**.
    .why = Ticket { $number }, last moved { $moved_on }.
ticket-solved = { $count ->
    [one] **{ $title }** was solved { $solved_on }.
   *[other] **{ $count } tickets** were solved, the last one { $solved_on }.
}
    .why = { $count ->
        [one] Ticket { $number }.
       *[other] The last one: “{ $title }”, ticket { $number }.
    }
ticket-none_open = No ticket is open.
    .why = The last one moved { $moved_on }.
ticket-none_received = **No tickets** have been received for this account.
    .why = Nothing is known of their service history.

## Usage

usage-falling = { $name }: **{ $pct } % less** since { $since }.
    .why = About { $level } { $unit } a day; before that { $was } { $unit }.
usage-rising = { $name }: **{ $pct } % more** since { $since }.
    .why = About { $level } { $unit } a day; before that { $was } { $unit }.
usage-steady = { $name }: steady at about **{ $level } { $unit }** a day.
usage-stopped = { $name }: **nothing used** since { $since }.
    .why = It still reports, and reports zero; before that about { $was } { $unit } a day.
usage-unused_seats = **{ $unused } of { $seats } seats** of { $name } { $unused ->
    [one] is
   *[other] are
} not used.
    .why = At most { $used } in use on one day since { $since }.
usage-overage = { $name }: **{ $pct } % above plan**.
    .why = { $value } { $unit } of { $plan } { $unit } since { $since }.
usage-near_plan = { $name }: above plan { $weeks ->
    [0] within **a week**
    [one] in about **1 week**
   *[other] in about **{ $weeks } weeks**
} at this rate.
    .why = Now about { $level } { $unit } a day, plan { $plan } { $unit }, and rising.
usage-nothing_received = **Nothing received** from { $name } since { $last }.
    .why = { $every ->
        [0] Its use since then is not known.
        [one] It should report every hour. Its use since then is not known.
       *[other] It should report every { $every } hours. Its use since then is not known.
    }
usage-never_received = **Nothing received** from { $name } yet.
    .why = The series is set up, but no value has come.
usage-too_few = { $days ->
    [one] **1 day** of { $name } has been received
   *[other] **{ $days } days** of { $name } have been received
}: too few to say where it goes.
usage-none_connected = **No usage** is connected for this account.
    .why = How they use what they bought is not known.

## News

news-mention = { $title }
    .why = { $publishers ->
        [one] { $publisher }, { $published }.
       *[other] { $publishers } publishers, { $published }.
    }
news-competitor = Competitor **{ $competitor }**: { $title }
    .why = { $publishers ->
        [one] { $publisher }, { $published }.
       *[other] { $publishers } publishers, { $published }.
    }
news-topic = { $topic }: { $title }
    .why = { $publishers ->
        [one] { $publisher }, { $published }.
       *[other] { $publishers } publishers, { $published }.
    }
news-feed_failing = News from **{ $feed }** has not come in since { $last }.
    .why = { $problem }
news-none_followed = **No news feed** is followed for this account.

## Subscriptions

subscription-notice_near = Notice on **{ $product }** { $notice_when ->
    [past] was due **{ $notice_in }**.
   *[future] must be given by **{ $notice }**.
}
    .why = Without it, it renews { $renews_on }. Contract { $contract }.
subscription-renewal_near = **{ $product }** { $renews_when ->
    [past] renewed **{ $renews_in }**.
   *[future] renews **{ $renews_in }**.
}
    .why = Due { $renews_on }. Contract { $contract }, quantity { $quantity }.
subscription-ends_near = **{ $product }** { $ends_when ->
    [past] ended **{ $ends_in }**.
   *[future] ends **{ $ends_in }** and does not renew by itself.
}
    .why = Last day: { $ends }. Contract { $contract }, quantity { $quantity }.
subscription-ended = **{ $product }** ended { $ended_on }.
    .why = Contract { $contract }. Nothing on record replaces it.
subscription-none_known = **No subscription** is on record for this account.

## Visits

visit-last_said = Last time, { $met_on }: { $said }
visit-next_step = Agreed { $met_on }: **{ $step }**
visit-last_met = You last met { $met_on }; **nothing was written down**.
visit-none_yet = **No visit** is on record for this account.
note-written = { $by } noted { $written_on }: { $text }

## People

person-new = **{ $name }** is new: { $title }, since { $started }.
person-left = **{ $name }** has left ({ $title }).
    .why = Since { $left }.
person-no_calls = **{ $name }** asked **not to be called**.
person-no_emails = **{ $name }** asked **not to get e-mail**.
person-no_messages = **{ $name }** asked **not to get text messages**.
person-no_visits = **{ $name }** asked **not to be visited**.
person-no_contact = **{ $name }** prefers **not to be contacted** between visits.
person-none_known = **No person** is on record for this account.

## Promises and goals

promise-overdue = Promised to { $to }: **{ $text }**, { $due_when ->
    [past] **{ $due_span } late**.
   *[future] due **{ $due }**.
}
    .why = Due { $due_on }. Promised by { $by } { $made_on }.
promise-due = Promised to { $to }: **{ $text }**, due **{ $due }**.
    .why = Promised by { $by } { $made_on }.
promise-kept = Kept: **{ $text }**, promised to { $to }.
    .why = Done { $kept_on }.
goal-due = Their goal, due **{ $due }**: { $title }
    .why = Target: { $target }.
goal-overdue = Their goal was due **{ $due_in }**: { $title }
    .why = Target: { $target }.
goal-open = Their goal: **{ $title }**
    .why = Target: { $target }.

## Opportunities

opportunity-won = They bought **{ $name }** { $closed_on }: { $value }.
opportunity-lost = **{ $name }** was lost { $closed_on }.
opportunity-open = **{ $name }** is open: { $value }.
    .why = Stage: { $stage }, opened { $opened_on }.

## Quotes

quote-sent = They have our quote **{ $title }**: { $amount }, open until **{ $until }**.
    .why = Quote { $number }, sent { $sent_on }.
quote-viewed = They looked at our quote **{ $title }** { $viewed_on }: { $amount }, open until **{ $until }**.
    .why = Quote { $number }, sent { $sent_on }.
quote-expiring = Our quote **{ $title }** ends **{ $until_in }**: { $amount }.
    .why = Quote { $number }, sent { $sent_on }.
quote-question = { $questions ->
    [one] They ask about our quote **{ $title }**: “{ $text }”
   *[other] They ask **{ $questions } questions** about our quote **{ $title }**, first: “{ $text }”
}
quote-accepted = They accepted our quote **{ $title }** { $decided_on }: { $amount }.
    .why = Quote { $number }, accepted by { $by }.
quote-declined = They declined our quote **{ $title }** { $decided_on }: { $reason }
    .why = Quote { $number }, { $amount }.
quote-expired = Our quote **{ $title }** ran out { $decided_on } without an answer: { $amount }.
    .why = Quote { $number }.

## From other sources: the source writes the sentence

custom-people = { $text }
custom-usage = { $text }
custom-service = { $text }
custom-news = { $text }
custom-promises = { $text }
custom-offer = { $text }
