fn main() {
    let url = std::env::args().nth(1).unwrap_or_default();
    whimbrel::run(async move {
        println!("{}", whimbrel::get(&url).send().await?.bytes().len());
        whimbrel::Result::Ok(())
    });
}
