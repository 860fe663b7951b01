#include "model/text/jinja/template.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/text.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using Json = nlohmann::ordered_json;

namespace {

jinja::Value value_of(const Json& json) {
  if (json.is_null()) return jinja::Value(jinja::None{});
  if (json.is_boolean()) return jinja::Value(json.get<bool>());
  if (json.is_number_integer()) return jinja::Value(json.get<std::int64_t>());
  if (json.is_number()) return jinja::Value(json.get<double>());
  if (json.is_string()) return jinja::Value(json.get<std::string>());
  if (json.is_array()) {
    jinja::List list;
    for (const Json& item : json)
      list.push_back(value_of(item));
    return jinja::Value(std::move(list));
  }
  jinja::Dict dict;
  for (const auto& [key, item] : json.items())
    dict.emplace_back(key, value_of(item));
  return jinja::Value(std::move(dict));
}

std::string rendered(const std::string& source, const jinja::Dict& variables = {}) {
  return jinja::Template(source, "t.jinja").render(variables).str();
}

/// The message of what is wrong with it; "" where nothing is.
std::string template_refusal(const std::string& source, const jinja::Dict& variables = {}) {
  try {
    rendered(source, variables);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

/// "origin:text|origin:text", for what data and template have written.
std::string marks(const MarkedText& text) {
  std::string result;
  std::size_t begin = 0;
  for (const auto& run : text.runs()) {
    if (begin > 0) result += '|';
    result += std::to_string(run.mark.origin) + ':' + text.str().substr(begin, run.end - begin);
    begin = run.end;
  }
  return result;
}

std::string marks(const std::string& source, const std::string& content) {
  const jinja::Dict variables = {{"x", jinja::Value(MarkedText(content, 7))},
                                 {"y", jinja::Value(MarkedText("two", 8))}};
  return marks(jinja::Template(source, "t.jinja").render(variables));
}

}  // namespace

TEST_CASE("templates render as Jinja2 renders them in transformers' environment") {
  const Json golden = Json::parse(read_file(tests::golden_folder() / "chat" / "features.json"));
  jinja::Dict variables;
  for (const auto& [key, item] : golden["variables"].items())
    variables.emplace_back(key, value_of(item));
  REQUIRE(golden["cases"].size() > 90);
  for (const Json& row : golden["cases"]) {
    const auto source = row["template"].get<std::string>();
    CAPTURE(source);
    CHECK(rendered(source, variables) == row["rendered"].get<std::string>());
  }
}

TEST_CASE("what is not supported is refused with file, line and name") {
  CHECK(tests::contains(template_refusal("a\n\n{% include 'x' %}"),
                        "t.jinja:3: {% include %} is not supported; allowed: for, if, set"));
  CHECK(tests::contains(template_refusal("{{ x | frobnicate }}"),
                        "the filter frobnicate is not supported; allowed: abs"));
  CHECK(tests::contains(template_refusal("{{ 1 is frob }}"),
                        "the test frob is not supported; allowed: =="));
  CHECK(tests::contains(template_refusal("{{ 'a'.encode() }}"),
                        "the method encode of strings is not supported"));
  CHECK(tests::contains(template_refusal("{{ 'é' | upper }}"),
                        "letters beyond ASCII are not supported"));
  CHECK(tests::contains(template_refusal("{% for x in [1] recursive %}{% endfor %}"),
                        "recursive loops"));
  CHECK(tests::contains(template_refusal("{{ f(*x) }}"), "arguments with *"));
  CHECK(
      tests::contains(template_refusal("{{ [] | sort(attribute='a,b') }}"), "several attributes"));
  CHECK(tests::contains(template_refusal("{{ {} | dictsort(by='size') }}"),
                        "by must be \"key\" or \"value\""));
  CHECK(tests::contains(template_refusal("{{ '0x1f' | int(0, 16) }}"),
                        "the filter int: base is not supported"));
  CHECK(tests::contains(template_refusal("{{ 1 | tojson(separators=',') }}"),
                        "separators must be two strings"));
}

TEST_CASE("broken templates are refused with the line") {
  CHECK(tests::contains(template_refusal("\n{% if x %}"),
                        "t.jinja:2: the template ends without {% endif %}"));
  CHECK(tests::contains(template_refusal("{% endif %}"), "{% endif %} is not supported"));
  CHECK(tests::contains(template_refusal("{{ 1 + }}"), "an expression was expected, not }}"));
  CHECK(tests::contains(template_refusal("{{ 'a }}"), "a string without its closing quote"));
  CHECK(tests::contains(template_refusal("{{ a"), "a {{ without its }}"));
  CHECK(tests::contains(template_refusal("{# a"), "a {# without its #}"));
  CHECK(tests::contains(template_refusal("{% raw %}"), "a {% raw %} without"));
  CHECK(tests::contains(template_refusal("{{ ) }}"), "an unexpected )"));
  CHECK(tests::contains(template_refusal("{{ 99999999999999999999 }}"), "is too large"));
  CHECK(tests::contains(template_refusal("{{ '\\ud800' }}"), "a broken escape"));
  CHECK(tests::contains(template_refusal("{% break %}"), "stands outside of a loop"));
  CHECK(tests::contains(template_refusal("\xff"), "not valid UTF-8"));
  CHECK(tests::contains(template_refusal(std::string(2 << 20, 'x')), "longer than 1 MiB"));
}

TEST_CASE("values of the wrong kind are refused with both kinds") {
  CHECK(tests::contains(template_refusal("{{ x.y.z }}", {{"x", jinja::Value(jinja::Dict{})}}),
                        "\"y\", which is not defined, has no \"z\""));
  CHECK(tests::contains(template_refusal("{{ missing + 'a' }}"),
                        "\"+\" of \"missing\", which is not defined and a string is not possible"));
  CHECK(tests::contains(template_refusal("{{ 'a' + 1 }}"), "\"+\" of a string and a number"));
  CHECK(tests::contains(template_refusal("{{ 1 < 'a' }}"), "a number and a string have no order"));
  CHECK(tests::contains(template_refusal("{{ 1 // 0 }}"), "division by 0"));
  CHECK(tests::contains(template_refusal("{{ missing | int }}"),
                        "\"missing\", which is not defined, is no number"));
  CHECK(tests::contains(template_refusal("{{ 5 is divisibleby }}"),
                        "the argument \"num\" is missing"));
  CHECK(tests::contains(template_refusal("{{ 9223372036854775807 + 1 }}"),
                        "a number becomes too large"));
  CHECK(tests::contains(template_refusal("{{ none() }}"), "none cannot be called"));
  CHECK(tests::contains(template_refusal("{% for x in 3 %}{% endfor %}"),
                        "a number cannot be iterated"));
  CHECK(tests::contains(template_refusal("{% for a, b in [[1]] %}{% endfor %}"),
                        "1 values cannot be given to 2"));
  CHECK(tests::contains(template_refusal("{% set a.b = 1 %}"), "\"a\" is no namespace"));
}

TEST_CASE("a template's own refusal is told apart") {
  CHECK_THROWS_WITH_AS(rendered("x\n{{ raise_exception('roles must alternate') }}"),
                       "t.jinja:2: roles must alternate", jinja::Refusal);
}

TEST_CASE("time stands still") {
  CHECK(rendered("{{ strftime_now('%d %b %Y') }}, {{ strftime_now('%A %-d %B, %H:%M %%') }}") ==
        "26 Jul 2024, Friday 26 July, 00:00 %");
  CHECK(tests::contains(template_refusal("{{ strftime_now('%Q') }}"),
                        "the format %Q is not supported"));
}

TEST_CASE("a hostile template ends with a message, soon") {
  for (const char* source :
       {"{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}",
        "{{ range(10000000000) }}",
        "{% set ns = namespace(x='ab') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% "
        "endfor %}",
        "{{ 'x' * 1000000000000 }}", "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% "
        "endfor %}{{ ns.x }}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(100000) %}{% set ns.x = [ns.x] %}{% "
        "endfor %}",
        "{% set ns = namespace() %}{% set ns.x = [ns] %}", "{{ 3 ** 100000000000 }}"}) {
    CAPTURE(source);
    CHECK(!template_refusal(source).empty());
  }
  const std::string deep = "{{ " + std::string(5000, '(') + '1' + std::string(5000, ')') + " }}";
  CHECK(tests::contains(template_refusal(deep), "nested too deeply"));
  std::string ifs;
  for (int i = 0; i < 5000; ++i)
    ifs += "{% if 1 %}";
  CHECK(tests::contains(template_refusal(ifs), "nested too deeply"));
  std::string sum = "{{ 1";
  for (int i = 0; i < 5000; ++i)
    sum += " + 1";
  CHECK(tests::contains(template_refusal(sum + " }}"), "nested too deeply"));
}

TEST_CASE("loop.changed compares with the turn before, and may outlive its loop") {
  CHECK(rendered("{% for i in [1, 1, 2, 1] %}{{ loop.changed(i) }} {% endfor %}") ==
        "True False True True ");
  CHECK(rendered("{% set ns = namespace() %}{% for i in [1] %}{% set ns.f = loop.changed %}"
                 "{% endfor %}{{ ns.f(1) }} {{ ns.f(1) }} {{ ns.f([ns]) }}") == "True False True");
}

TEST_CASE("no nesting of filters or namespaces exhausts the stack") {
  std::string maps = "{{ 'a' | map('map'";
  for (int i = 0; i < 20000; ++i)
    maps += ", 'map'";
  CHECK(tests::contains(template_refusal(maps + ", 'upper') }}"), "map is nested too deeply"));
  CHECK(rendered("{{ ['ab'] | map('map', 'upper') | list }}") == "[['A', 'B']]");
  const std::string refused = "a namespace inside of a namespace";
  CHECK(tests::contains(template_refusal("{% set a = namespace() %}{% set a = namespace(x=a) %}"),
                        refused));
  CHECK(tests::contains(
      template_refusal("{% set a = namespace() %}{% set a = namespace(x=[{'y': a}]) %}"), refused));
  CHECK(tests::contains(
      template_refusal("{% set a = namespace() %}{% set a = namespace({'y': a}) %}"), refused));
}

TEST_CASE("work that grows with two texts is counted") {
  const jinja::Dict variables = {
      {"long", jinja::Value(std::string(10'000, 'a'))},
      {"half", jinja::Value(std::string(5'000, 'a') + 'b')},
      {"other", jinja::Value(std::string(9'999, 'a') + 'b')},
      {"many", jinja::Value(jinja::List(100, jinja::Value(std::string(50, 'a'))))}};
  for (const char* work :
       {"half in long", "long.find(half)", "long.rfind(half)", "long.count(half)",
        "long.split(half)", "long.replace(half, '')", "long.startswith([other, other, other])",
        "long < other", "long == other", "long is eq(other)", "[long, other] | unique",
        "[other] == [long]", "long in [other]", "many | tojson", "many | join(many)",
        "'a' | join(many)"}) {
    CAPTURE(work);
    CHECK(rendered("{{ (" + std::string(work) + ") is defined }}", variables) == "True");
    const std::string source = "{% for i in range(60000) %}{% if (" + std::string(work) +
                               ") is defined %}{% endif %}{% endfor %}";
    CHECK(tests::contains(template_refusal(source, variables), "the template "));
  }
}

TEST_CASE("a large dict literal is counted") {
  std::string source = "{% set d = {";
  for (int i = 0; i < 20000; ++i)
    source += "'" + std::to_string(i) + "': 1, ";
  CHECK(tests::contains(template_refusal(source + "} %}"), "takes too many steps"));
}

TEST_CASE("each byte knows whether the template or the data wrote it") {
  CHECK(marks("<s>{{ x }}</s>", "in") == "0:<s>|7:in|0:</s>");
  CHECK(marks("{{ '<' ~ x ~ y + '>' }}", "in") == "0:<|7:in|8:two|0:>");
  CHECK(marks("{{ x | trim }}!", "  in ") == "7:in|0:!");
  CHECK(marks("{{ x[1:3] }}{{ x[0] }}{{ x[::-1] }}", "abc") == "7:bcacba");
  CHECK(marks("{{ x | upper }}.{{ x.replace('b', '-') }}", "abc") == "7:ABC|0:.|7:a|0:-|7:c");
  CHECK(marks("{{ x.split(',') | join('|') }}", "a,b") == "7:a|0:||7:b");
  CHECK(marks("{{ [x] }}{{ {'k': x} | tojson }}", "a") == "7:['a']{\"k\": \"a\"}");
  CHECK(marks("{% set z %}({{ x }}){% endset %}{{ z }}", "a") == "0:(|7:a|0:)");
  CHECK(marks("{% macro m(v) %}[{{ v }}]{% endmacro %}{{ m(x) }}", "a") == "0:[|7:a|0:]");
  CHECK(marks("{% for c in x %}{{ c }}-{% endfor %}", "ab") == "7:a|0:-|7:b|0:-");
  CHECK(marks("{{ '%s-%s' | replace('%s', x, 1) }}", "ab") == "7:ab|0:-%s");
}

TEST_CASE("what stands in a generation block is marked") {
  const auto text = jinja::Template("a{% generation %}b{% endgeneration %}c", "t.jinja").render({});
  REQUIRE(text.runs().size() == 3);
  CHECK(!text.mark_at(0).generated);
  CHECK(text.mark_at(1).generated);
  CHECK(!text.mark_at(2).generated);
}
