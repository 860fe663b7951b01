#include <doctest/doctest.h>

#include <set>

#include "tests/tools/driven_browser.hpp"
#include "tests/tools/small_scenario.hpp"

namespace lorafleet {
namespace {

using tests::DrivenBrowser;

/// Goes through a page with Tab, the first time round, and tries what it meets.
class Walk {
 public:
  explicit Walk(const std::filesystem::path& page) : browser_(page) {}

  /// Presses Tab until something like `selector` has the focus; false where it never has.
  bool reach(const std::string& selector) {
    for (int i = 0; i < 400; ++i) {
      browser_.press("Tab");
      if (is(focus("matches(" + quoted(selector) + ")"), true)) {
        // Whoever uses the keyboard must see where they are.
        CHECK(browser_.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none");
        return true;
      }
      if (browser_.evaluate("document.activeElement === document.body") == true && i > 0)
        return false;
    }
    return false;
  }
  void press(const std::string& key) { browser_.press(key); }
  nlohmann::json focus(const std::string& what) {
    return browser_.evaluate("document.activeElement." + what);
  }
  nlohmann::json evaluate(const std::string& expression) { return browser_.evaluate(expression); }
  bool address_has(const std::string& part) {
    return is(browser_.evaluate("location.hash.includes(" + quoted(part) + ")"), true);
  }

 private:
  static bool is(const nlohmann::json& json, bool value) { return json == value; }
  static std::string quoted(const std::string& text) { return nlohmann::json(text).dump(); }

  DrivenBrowser browser_;
};

}  // namespace

TEST_CASE("a page of a run is worked with the keyboard alone") {
  if (!tests::can_open()) return;
  const tests::TemporaryFolder folder;
  tests::simulate(folder / "one", "1");
  const auto page = folder / "page.html";
  tests::write_page({(folder / "one").string()}, page);
  Walk walk(page);

  REQUIRE(walk.reach("a.skip"));
  REQUIRE(walk.reach("input[name=logx]"));
  walk.press("Space");
  CHECK(walk.address_has("logx=1"));
  walk.press("Space");
  CHECK_FALSE(walk.address_has("logx"));

  // The names above a chart show and hide what they name.
  REQUIRE(walk.reach("button.key"));
  const std::string chart =
      "document.activeElement.closest('figure').querySelector('.chart').innerHTML";
  const auto before = walk.evaluate(chart);
  walk.press("Space");
  CHECK(walk.focus("getAttribute('aria-pressed')") == "false");
  CHECK(walk.evaluate(chart) != before);
  walk.press("Enter");
  CHECK(walk.focus("getAttribute('aria-pressed')") == "true");

  REQUIRE(walk.reach("details.data summary"));
  CHECK(walk.focus("parentElement.open") == false);
  walk.press("Enter");
  CHECK(walk.focus("parentElement.open") == true);
  REQUIRE(walk.reach("[role=region]"));  // its table scrolls with the arrows

  REQUIRE(walk.reach("details:has(table.sortable) > summary"));
  walk.press("Space");
  REQUIRE(walk.reach("table.sortable th button"));
  const std::string first =
      "document.activeElement.closest('table').tBodies[0].rows[0].cells[0]"
      ".textContent";
  walk.press("Enter");
  CHECK(walk.focus("closest('th').getAttribute('aria-sort')") == "descending");
  const auto top = walk.evaluate(first);
  walk.press("Space");
  CHECK(walk.focus("closest('th').getAttribute('aria-sort')") == "ascending");
  CHECK(walk.evaluate(first) != top);
  CHECK(walk.evaluate("document.documentElement.dataset.error === undefined") == true);

  Walk again(page);
  REQUIRE(again.reach("nav a"));
  again.press("Enter");
  CHECK(again.evaluate("location.hash.length > 1") == true);
}

TEST_CASE("Tab reaches everything that can be worked, and leaves the page at its end") {
  if (!tests::can_open()) return;
  const tests::TemporaryFolder folder;
  tests::simulate(folder / "one", "1");
  tests::simulate(folder / "two", "2");
  const auto page = folder / "page.html";
  // One of another kind: runs that differ in their seed alone are one line.
  const tests::SmallScenario small;
  const std::string trained = small.path("run");
  REQUIRE(tests::run_program({"run", small.file(), "--quiet", "--out", trained}).status == 0);
  tests::write_page({(folder / "one").string(), (folder / "two").string(), trained}, page);
  DrivenBrowser browser(page);
  browser.evaluate(
      "window.workable = [...document.querySelectorAll('a, button, select, input, summary')]"
      ".filter((one) => one.checkVisibility()); window.met = new Set(); workable.length");
  bool left = false;
  for (int i = 0; i < 1000 && !left; ++i) {
    browser.press("Tab");
    browser.evaluate("met.add(document.activeElement)");
    left = i > 0 && browser.evaluate("document.activeElement === document.body") == true;
  }
  CHECK(left);
  CHECK(browser.evaluate("workable.length").get<int>() > 10);
  CHECK(browser.evaluate("workable.filter((one) => !met.has(one)).map((one) => one.outerHTML)"
                         ".join('\\n')") == "");

  // The runs' switches hide a run on all charts.
  Walk walk(page);
  REQUIRE(walk.reach("input[name=group]"));
  walk.press("Space");
  CHECK(walk.address_has("hidden="));
  CHECK(walk.focus("checked") == false);
}

namespace {

/// Saves the figure `one` of a page with Enter, and reads the words of the picture into `words`.
void save_figure(DrivenBrowser& browser, const std::filesystem::path& folder) {
  browser.evaluate("one.querySelector('.save').focus(); 0");
  browser.press("Enter");
  const auto file = folder / (browser.evaluate("one.id").get<std::string>() + ".svg");
  for (int i = 0; i < 100 && !std::filesystem::exists(file); ++i)
    ::usleep(100'000);
  REQUIRE(std::filesystem::exists(file));
  browser.evaluate("window.saved = new DOMParser().parseFromString(" +
                   nlohmann::json(read_file(file)).dump() + ", 'image/svg+xml'); 0");
  browser.evaluate(
      "window.words = [...saved.querySelectorAll('text')].map((text) => text.textContent); 0");
}

}  // namespace

TEST_CASE("a figure is saved as a picture, with its names and without what is hidden") {
  if (!tests::can_open()) return;
  const tests::TemporaryFolder folder;
  tests::simulate(folder / "one", "1");
  const tests::SmallScenario small;  // of another kind: runs that differ in their seed are one line
  const std::string trained = small.path("run");
  REQUIRE(tests::run_program({"run", small.file(), "--quiet", "--out", trained}).status == 0);
  const auto page = folder / "page.html";
  tests::write_page({(folder / "one").string(), trained}, page);
  DrivenBrowser browser(page);
  const auto pictures = folder / "pictures";
  std::filesystem::create_directory(pictures);
  browser.save_into(pictures);
  browser.evaluate(
      "window.figures = [...document.querySelectorAll('figure')].filter((figure) =>"
      " figure.querySelectorAll('.key').length === 2 && figure.querySelector('.chart.lines'));"
      "window.one = figures[0];"
      "window.names = [...one.querySelectorAll('.key')].map((key) => key.textContent); 0");
  REQUIRE(browser.evaluate("figures.length").get<int>() > 1);

  save_figure(browser, pictures);
  CHECK(browser.evaluate("saved.querySelector('parsererror') === null") == true);
  CHECK(browser.evaluate("saved.documentElement.tagName") == "svg");
  CHECK(browser.evaluate("saved.querySelectorAll('path').length > 5") == true);
  CHECK(browser.evaluate("saved.querySelector('desc').textContent === "
                         "one.querySelector('figcaption').textContent") == true);
  CHECK(browser.evaluate("words[0] === one.querySelector('h3').firstChild.textContent") == true);
  CHECK(browser.evaluate("names.every((name) => words.includes(name))") == true);

  // A name hides its line on this figure, the bar's tick a run on all of them.
  browser.evaluate(
      "window.one = figures[1]; one.querySelector('.key').click();"
      "document.querySelectorAll('input[name=group]')[1].click(); 0");
  save_figure(browser, pictures);
  CHECK(browser.evaluate("words.length > 2") == true);
  CHECK(browser.evaluate("names.some((name) => words.includes(name))") == false);
  CHECK(browser.evaluate("document.documentElement.dataset.error === undefined") == true);
}

TEST_CASE("the address keeps where the target's line is") {
  if (!tests::can_open()) return;
  const tests::TemporaryFolder folder;
  tests::simulate(folder / "one", "1");
  const auto page = folder / "page.html";
  tests::write_page({(folder / "one").string()}, page);
  DrivenBrowser browser(page);
  browser.evaluate(
      "(() => { const field = document.querySelector('input[name=target]'); field.value = '77.125';"
      "field.dispatchEvent(new Event('input', {bubbles: true})); })()");
  const auto hash = browser.evaluate("location.hash").get<std::string>();
  CHECK(hash == "#target=77.125");
  DrivenBrowser shared(page, hash);
  CHECK(shared.evaluate("document.querySelector('input[name=target]').value") == "77.125");
}

}  // namespace lorafleet
