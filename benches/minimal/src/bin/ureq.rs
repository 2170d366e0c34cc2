fn main() -> Result<(), ureq::Error> {
    let url = std::env::args().nth(1).unwrap_or_default();
    println!("{}", ureq::get(url).call()?.body_mut().read_to_vec()?.len());
    Ok(())
}
