// Where search/main.js, which the generator brings, finds its index: beside this page.
var base_url = ".";
