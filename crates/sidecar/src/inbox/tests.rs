//! Laws of the inbox: no read boundary shows, no memory grows, no good line is lost.

use proptest::prelude::*;

use super::*;

const LINE_MAX: usize = 64;

/// Everything that comes out when `bytes` come in, read in pieces of `sizes` (again and again).
fn units(framing: Framing, line_max: usize, bytes: &[u8], sizes: &[usize]) -> Vec<(Option<String>, Option<FaultKind>)> {
    let mut inbox = Inbox::new(framing, line_max);
    let mut out = Vec::new();
    let mut rest = bytes;
    let mut sizes = sizes.iter().cycle();
    while !rest.is_empty() {
        let size = sizes.next().copied().unwrap_or(1).clamp(1, rest.len());
        let (read, later) = rest.split_at(size);
        rest = later;
        inbox.space().extend_from_slice(read);
        while let Some(unit) = inbox.next_unit() {
            out.push((unit.text.map(Cow::into_owned), unit.fault.map(|fault| fault.kind)));
        }
    }
    if let Some(unit) = inbox.last_unit() {
        out.push((unit.text.map(Cow::into_owned), unit.fault.map(|fault| fault.kind)));
    }
    out
}

fn bytes_with_lines() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        4 => "[a-zäöü€😀 ]{0,20}".prop_map(String::into_bytes),
        2 => Just(b"\n".to_vec()),
        1 => Just(b"\r\n".to_vec()),
        1 => Just(vec![b'x'; 3 * LINE_MAX]),
        1 => prop::collection::vec(any::<u8>(), 0..10),
    ];
    prop::collection::vec(word, 0..40).prop_map(|words| words.concat())
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1_usize..100, 1..10)
}

proptest! {
    #[test]
    fn lines_do_not_depend_on_how_they_were_read(bytes in bytes_with_lines(), sizes in sizes()) {
        let whole = units(Framing::Lines, LINE_MAX, &bytes, &[usize::MAX]);
        prop_assert_eq!(units(Framing::Lines, LINE_MAX, &bytes, &sizes), whole);
    }

    #[test]
    fn lines_are_what_a_plain_split_gives(bytes in bytes_with_lines()) {
        let mut expected: Vec<_> = bytes.split(|&byte| byte == b'\n').map(|line| {
            if line.len() > LINE_MAX {
                return (None, Some(FaultKind::TooLong));
            }
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let fault = std::str::from_utf8(line).is_err().then_some(FaultKind::InvalidUtf8);
            (Some(String::from_utf8_lossy(line).into_owned()), fault)
        }).collect();
        if bytes.is_empty() || bytes.ends_with(b"\n") {
            expected.pop();
        }
        prop_assert_eq!(units(Framing::Lines, LINE_MAX, &bytes, &[7]), expected);
    }

    #[test]
    fn text_is_never_cut_inside_a_character(bytes in bytes_with_lines(), sizes in sizes()) {
        let joined = |sizes: &[usize]| {
            units(Framing::Text, LINE_MAX, &bytes, sizes).into_iter().filter_map(|(text, _)| text).collect::<String>()
        };
        prop_assert_eq!(joined(&sizes), String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn an_endless_line_costs_bounded_memory_and_one_fault() {
    let line_max = 1 << 20;
    let mut inbox = Inbox::new(Framing::Lines, line_max);
    let chunk = vec![b'x'; 30_000];
    for _ in 0..1_000 {
        inbox.space().extend_from_slice(&chunk);
        assert_eq!(inbox.next_unit(), None);
        assert!(inbox.space().capacity() <= line_max + (64 << 10), "grew to {}", inbox.space().capacity());
    }
    inbox.space().extend_from_slice(b"\ngood\n");
    let fault = inbox.next_unit().and_then(|unit| unit.fault).expect("one fault");
    assert_eq!((fault.kind, fault.bytes), (FaultKind::TooLong, 30_000_000));
    let good = inbox.next_unit().and_then(|unit| unit.text).expect("the line after it");
    assert_eq!(good, "good");
    assert!(inbox.space().capacity() <= 128 << 10, "the memory of the long line is given back");
}
