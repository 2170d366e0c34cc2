//! Dates as servers write them (RFC 6265 5.1.1): found by what their parts look like, in any order.

use std::time::Duration;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// What has been found so far; the first of each kind counts.
#[derive(Default)]
struct Found {
    /// Hours, minutes and seconds.
    time: Option<[u32; 3]>,
    day: Option<u32>,
    /// 1 to 12.
    month: Option<u32>,
    year: Option<u32>,
}

/// The date since the Unix epoch, in UTC whatever zone it names. Dates before the epoch are the epoch: long ago.
/// `None` for a date that does not exist, is incomplete or lies before 1601.
pub(super) fn parse(date: &str) -> Option<Duration> {
    let mut found = Found::default();
    date.split(is_delimiter).filter(|token| !token.is_empty()).for_each(|token| found.take(token));
    found.seconds().map(|seconds| Duration::from_secs(seconds.max(0).unsigned_abs()))
}

/// RFC 6265 5.1.1, `delimiter`: what is neither a letter, a digit, a colon, a control character nor beyond ASCII.
fn is_delimiter(letter: char) -> bool {
    matches!(letter, '\t' | ' '..='/' | ';'..='@' | '['..='`' | '{'..='~')
}

impl Found {
    /// Step 2: a token is the first thing that is still missing and that it looks like.
    fn take(&mut self, token: &str) {
        if self.time.is_none()
            && let Some(time) = time(token)
        {
            self.time = Some(time);
        } else if self.day.is_none()
            && let Some(day) = number(token, 1, 2)
        {
            self.day = Some(day);
        } else if self.month.is_none()
            && let Some(month) = month(token)
        {
            self.month = Some(month);
        } else if self.year.is_none() {
            self.year = number(token, 2, 4).map(full_year);
        }
    }

    /// Steps 5 and 6.
    fn seconds(&self) -> Option<i64> {
        let [hour, minute, second] = self.time?;
        let (year, month, day) = (self.year?, self.month?, self.day?);
        let exists = (1..=days_in(year, month)).contains(&day) && year >= 1601;
        let on_the_clock = hour <= 23 && minute <= 59 && second <= 59;
        let time = i64::from(hour * 3600 + minute * 60 + second);
        (exists && on_the_clock).then(|| days_since_epoch(year, month, day) * 86_400 + time)
    }
}

/// `hms-time`: three fields of one or two digits; what follows the last of them is not looked at.
fn time(token: &str) -> Option<[u32; 3]> {
    let mut fields = token.splitn(3, ':');
    let (hour, minute, rest) = (fields.next()?, fields.next()?, fields.next()?);
    Some([whole(hour)?, whole(minute)?, number(rest, 1, 2)?])
}

/// One or two digits and nothing else.
fn whole(field: &str) -> Option<u32> {
    field.bytes().all(|byte| byte.is_ascii_digit()).then(|| number(field, 1, 2)).flatten()
}

fn month(token: &str) -> Option<u32> {
    let name = token.get(..3)?.to_ascii_lowercase();
    MONTHS.iter().zip(1..).find_map(|(known, number)| (*known == name).then_some(number))
}

/// The digits that the token starts with, if there are as many as that.
fn number(token: &str, least: usize, most: usize) -> Option<u32> {
    let digits = token.bytes().take_while(u8::is_ascii_digit).count();
    (least..=most).contains(&digits).then(|| token[..digits].parse().ok()).flatten()
}

/// Steps 3 and 4: 70 to 99 are of the last century, 0 to 69 of this one.
fn full_year(year: u32) -> u32 {
    match year {
        70..=99 => year + 1900,
        0..=69 => year + 2000,
        _ => year,
    }
}

fn days_in(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// In the Gregorian calendar; 719,528 days lie between the first of January of the year 0 and the epoch.
fn days_since_epoch(year: u32, month: u32, day: u32) -> i64 {
    let before = i64::from(year) - 1;
    let years = 366 + before * 365 + before / 4 - before / 100 + before / 400;
    let months: u32 = (1..month).map(|month| days_in(year, month)).sum();
    years + i64::from(months + day) - 1 - 719_528
}
