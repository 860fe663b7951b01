#include <doctest/doctest.h>

#include "partition/support/files.hpp"
#include "partition/support/process.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/text.hpp"
#include "tests/tools/driven_browser.hpp"
#include "tests/tools/small_scenario.hpp"

namespace lorafleet {
namespace {

namespace fs = std::filesystem;
using tests::browser;
using tests::can_open;
using tests::scenario;
using tests::simulate;
using tests::write_page;

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

/// The page as it is once its scripts have run.
std::string opened(const fs::path& page, const tests::TemporaryFolder& folder,
                   std::vector<std::string> options = {}) {
  std::vector<std::string> command = {browser(),
                                      "--headless",
                                      "--no-sandbox",
                                      "--disable-gpu",
                                      "--disable-dev-shm-usage",
                                      "--user-data-dir=" + (folder / "browser").string(),
                                      "--virtual-time-budget=10000",
                                      "--dump-dom"};
  command.insert(command.end(), options.begin(), options.end());
  command.push_back("file://" + page.string());
  std::string document;
  run_program(command, [&](std::string_view line) { (document += line) += '\n'; });
  return document;
}

std::string root_of(const std::string& document) {
  const auto from = document.find("<html");
  return from == document.npos ? "" : document.substr(from, document.find('>', from) - from);
}

/// Every figure of the page drew, nothing went wrong, and nothing was asked for.
void check_page(const fs::path& page, const tests::TemporaryFolder& folder,
                const std::vector<std::string>& options = {}) {
  const std::string document = opened(page, folder, options);
  const std::string root = root_of(document);
  CAPTURE(page);
  CAPTURE(root);
  const auto figures = count(read_file(page), "<figure id=\"");
  CHECK(figures > 0);
  CHECK(tests::contains(root, "data-ready=\"1\""));
  CHECK_FALSE(tests::contains(root, "data-error"));
  CHECK(tests::contains(root, "data-figures=\"" + std::to_string(figures) + "\""));
  CHECK(count(document, "data-drawn=\"1\"") == figures);
  CHECK(count(document, "<svg ") + count(document, "<canvas ") >= figures);
}

void replace(std::string& text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != text.npos);
  text.replace(at, from.size(), to);
}

TEST_CASE("pages of a run, of several and of data draw whole in a browser") {
  if (!can_open()) return;
  const tests::TemporaryFolder folder;
  simulate(folder / "one", "1");
  simulate(folder / "two", "2");
  const tests::SmallScenario small;
  const std::string trained = small.path("run");
  REQUIRE(tests::run_program({"run", small.file(), "--quiet", "--out", trained}).status == 0);
  const std::string data = (folder / "data").string();
  REQUIRE(tests::run_program({"partition", scenario("quickstart"), "--out", data}).status == 0);

  const std::string one = (folder / "one").string();
  const fs::path page = folder / "page.html";
  write_page({one}, page);
  check_page(page, folder);
  check_page(page, folder, {"--window-size=390,844"});
  check_page(page, folder, {"--force-dark-mode", "--enable-features=WebContentsForceDark"});
  write_page({one, (folder / "two").string(), trained}, page);
  check_page(page, folder);
  write_page({trained}, page);
  check_page(page, folder);
  write_page({data}, page);
  check_page(page, folder);
}

TEST_CASE("what the page says is what the run came to") {
  if (!can_open()) return;
  const tests::TemporaryFolder folder;
  simulate(folder / "one", "3");
  const fs::path page = folder / "page.html";
  write_page({(folder / "one").string()}, page);
  const std::string document = opened(page, folder);
  const std::string summary = read_file(folder / "one/summary.json");
  const auto figure = [&](const std::string& key) {
    const auto at = summary.find("\"" + key + "\": ") + key.size() + 4;
    return summary.substr(at, summary.find_first_of(",\n", at) - at);
  };
  CHECK(tests::contains(document,
                        "Of " + figure("jobs") + " jobs, " + figure("updates_applied") + " ("));
  const auto dropped = count(read_file(folder / "one/events.jsonl"), "\"reason\":\"dropped_out\"");
  CHECK(dropped > 0);
  CHECK(tests::contains(document, std::to_string(dropped) + " ended as “dropped out”"));
  CHECK(tests::contains(document, "<dt>versions</dt><dd>" + figure("versions")));
}

TEST_CASE("a page that is broken, or asks for something, is noticed") {
  if (!can_open()) return;
  const tests::TemporaryFolder folder;
  simulate(folder / "one", "1");
  const fs::path page = folder / "page.html";
  write_page({(folder / "one").string()}, page);
  const std::string whole = read_file(page);

  std::string broken = whole;
  replace(broken, "\"kind\":\"lines\"", "\"kind\":\"nothing\"");
  write_file(page, broken);
  CHECK_FALSE(tests::contains(root_of(opened(page, folder)), "data-ready"));
  CHECK(tests::contains(root_of(opened(page, folder)), "data-error"));

  std::string asking = whole;
  replace(asking, "</body>", "<img src=\"https://example.org/x.png\" alt=\"\"></body>");
  write_file(page, asking);
  CHECK(
      tests::contains(root_of(opened(page, folder)), "data-error=\"asked for https://example.org"));
}

TEST_CASE("a page stays whole with names made to break it") {
  if (!can_open()) return;
  const tests::TemporaryFolder folder;
  simulate(folder / "one", "1");
  const fs::path page = folder / "page.html";
  write_page({(folder / "one").string(), "--title",
              "</title></script><img src=x onerror=\"document.documentElement.dataset.error=1\">"},
             page);
  check_page(page, folder);
}

TEST_CASE("long names make no page wider than a phone, and seeds differ in their short forms") {
  if (!can_open()) return;
  const tests::TemporaryFolder folder;
  const std::string name(75, 'n');
  const auto copy = [&](const std::string& seed, const std::string& lr) {
    const fs::path run = folder / (lr + name) / ("seed-" + seed);
    fs::create_directories(run.parent_path());
    simulate(run, seed);
    std::string text = read_file(run / "scenario.toml");
    replace(text, "name = \"dropout_30\"", "name = \"" + lr + name + "\"");
    replace(text, "\nlr = ", "\nlr = 0." + lr + "  # ");
    write_file(run / "scenario.toml", text);
    return run.string();
  };
  const fs::path page = folder / "page.html";
  write_page({copy("1", "1"), copy("2", "1"), copy("1", "2")}, page);
  tests::DrivenBrowser browser(page);
  browser.resize(390, 844);
  const auto width = [&] {
    return browser.evaluate("document.documentElement.scrollWidth").get<int>();
  };
  for (int i = 0; i < 50 && width() > 390; ++i)
    ::usleep(100'000);  // charts follow with the next frame
  CHECK(width() <= 390);
  browser.resize(1240, 900);
  const std::string labels =
      "[...document.querySelectorAll('[data-figure=fates] text')].map((one) => one.textContent)"
      ".filter((one) => one.includes('…'))";
  CHECK(browser.evaluate(labels + ".length") == 3);
  CHECK(browser.evaluate("new Set(" + labels + ").size") == 3);
  // The bar that stays on top does not cover what is jumped to.
  const auto is_free = [&] {
    return browser.evaluate(
               "parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop) >="
               "document.querySelector('.controls').offsetHeight") == true;
  };
  for (int i = 0; i < 50 && !is_free(); ++i)
    ::usleep(100'000);  // the page hears of its new size with the next frame
  CHECK(is_free());
}

TEST_CASE("without scripts tiles, sentences and tables are there") {
  if (!can_open()) return;
  const tests::TemporaryFolder folder;
  simulate(folder / "one", "1");
  const fs::path page = folder / "page.html";
  write_page({(folder / "one").string()}, page);
  std::string text = read_file(page);
  text.erase(text.find("<script"), text.rfind("</script>") - text.find("<script"));
  write_file(page, text);
  const std::string document = opened(page, folder);
  CHECK_FALSE(tests::contains(root_of(document), "class=\"js\""));
  CHECK(count(document, "<details open") > 3);
  CHECK(tests::contains(document, "class=\"tile\""));
  CHECK(tests::contains(document, "<figcaption>"));
}

TEST_CASE("the target's line lies at its value, whatever its decimals") {
  if (!can_open()) return;
  const tests::TemporaryFolder folder;
  write_file(folder / "scenario.toml", "name = \"x\"\n");
  write_file(folder / "rounds.csv",
             "version,virtual_seconds,eval_perplexity\n0,0,1.105\n1,5,1.102\n2,9,1.101\n");
  const fs::path page = folder / "page.html";
  write_page({folder.path().string(), "--target", "1.104"}, page);
  tests::DrivenBrowser browser(page);
  // The curve's ends say how high 1.105 and 1.101 are.
  const auto off = browser.evaluate(R"((() => {
    const box = document.querySelector('[data-figure=perplexity]');
    const heights = (path) => path.getAttribute('d').match(/[\d.]+/g).map(Number)
      .filter((_, place) => place % 2);
    const lines = [...box.querySelectorAll('path[stroke-dasharray="3,3"]')];
    const curve = box.querySelector('path[fill=none][stroke-width="2"]');
    if (lines.length !== 1 || !curve) return lines.length + ' lines';
    const along = heights(curve);
    const wanted = along[0] + (along[along.length - 1] - along[0]) / 4;
    return Math.abs(heights(lines[0])[0] - wanted);
  })())");
  REQUIRE_MESSAGE(off.is_number(), off);
  CHECK(off.get<double>() < 2.0);
}

}  // namespace
}  // namespace lorafleet
