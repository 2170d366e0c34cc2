fn main() {
    whimbrel::run(get(std::env::args().nth(1).unwrap_or_default()));
}

async fn get(url: String) -> whimbrel::Result<()> {
    println!("{}", whimbrel::get(&url).send().await?.bytes().len());
    Ok(())
}
