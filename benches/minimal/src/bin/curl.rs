fn main() -> Result<(), curl::Error> {
    let mut easy = curl::easy::Easy::new();
    easy.url(&std::env::args().nth(1).unwrap_or_default())?;
    let mut length = 0;
    let mut transfer = easy.transfer();
    transfer.write_function(|data| {
        length += data.len();
        Ok(data.len())
    })?;
    transfer.perform()?;
    drop(transfer);
    println!("{length}");
    Ok(())
}
