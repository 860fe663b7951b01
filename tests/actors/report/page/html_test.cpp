#include "actors/report/page/html.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "actors/report/page/words.hpp"

namespace lorafleet::report {
namespace {

TEST_CASE("escaped text never opens or closes a tag, an attribute or a comment") {
  CHECK(rc::check([] {
    const auto text = *rc::gen::container<std::string>(
        rc::gen::element('<', '>', '"', '\'', '&', '/', 's', '!', '-', '\0', '\x1b', '\xff'));
    RC_ASSERT(escape(text).find_first_of("<>\"'\x1b") == std::string::npos);
    RC_ASSERT(script_safe(text).find('<') == std::string::npos);
  }));
  CHECK(escape("</script><img onerror=\"a('x')\">&") ==
        "&lt;/script&gt;&lt;img onerror=&quot;a(&#39;x&#39;)&quot;&gt;&amp;");
  CHECK(escape("Größe ≥ 3") == "Größe ≥ 3");
}

TEST_CASE("a table heads its columns and rows, and numbers stand right") {
  const std::string html = table_html({{"tier", "jobs"}, {{"a<b", "1,200"}}, "all of it"}, "Tiers");
  CHECK(html.find("<th scope=\"col\">tier</th><th scope=\"col\" class=\"n\">jobs</th>") !=
        std::string::npos);
  CHECK(html.find("<th scope=\"row\">a&lt;b</th><td class=\"n\">1,200</td>") != std::string::npos);
  CHECK(html.find("tabindex=\"0\"") != std::string::npos);
  CHECK(html.find("<p class=\"note\">all of it</p>") != std::string::npos);
}

TEST_CASE("numbers are written for readers") {
  CHECK(number(0.0) == "0");
  CHECK(number(1.5) == "1.5");
  CHECK(number(12.0) == "12");
  CHECK(number(63.416) == "63.42");
  CHECK(number(363.41) == "363.4");
  CHECK(number(12345.6) == "12,346");
  CHECK(number(0.00042) == "0.00042");
  CHECK(number(-0.25) == "-0.25");
  CHECK(number(std::numeric_limits<double>::quiet_NaN()) == "–");
  CHECK(counted(1, "job") == "1 job");
  CHECK(counted(2, "job") == "2 jobs");
  CHECK(duration(0.25) == "0.25 s");
  CHECK(duration(2796.3) == "46 min 36 s");
  CHECK(duration(3599.9) == "60 min");
  CHECK(duration(90000.0) == "1 d 1 h");
  CHECK(bytes_text(512) == "512 B");
  CHECK(bytes_text(1310720) == "1.31 MB");
  CHECK(percent(0.0) == "0 %");
  CHECK(percent(0.0314) == "3.1 %");
  CHECK(percent(0.314) == "31 %");
  CHECK(percent(0.9994) == "99.9 %");
  CHECK(percent(0.99999) == "99.9 %");
  CHECK(percent(1.0) == "100 %");
  CHECK(percent(0.00012) == "0.01 %");
}

}  // namespace
}  // namespace lorafleet::report
