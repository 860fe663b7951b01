#include <doctest/doctest.h>

#include "tests/partition/formats/data_reading.hpp"

using namespace lorafleet;
using namespace lorafleet::partition;
using tests::Reading;

TEST_CASE("csv and tsv: a header, quotes and line ends of any kind") {
  for (const std::string& text :
       {std::string("id,instruction,target\r\n1,\"a, \"\"b\"\"\nc\",t\r\n"),
        std::string("\xEF\xBB\xBFid, instruction ,target\n"
                    "1,\"a, \"\"b\"\"\nc\",t"),
        std::string("id;instruction;target\n1;\"a, \"\"b\"\"\nc\";t\n")}) {
    CAPTURE(text);
    const auto rows = Reading("csv", text).rows();
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].id == "1");
    CHECK(rows[0].instruction == "a, \"b\"\nc");
    CHECK(rows[0].target == "t");
    CHECK(rows[0].context.empty());
  }
  const auto tsv = Reading("tsv", "instruction\ttarget\na, b\tc\n\n\"x\ty\"\tz\n").rows();
  REQUIRE(tsv.size() == 2);
  CHECK(tsv[1].instruction == "x\ty");
  CHECK(tsv[1].id == "line-4");
}

TEST_CASE("csv: columns are named as the fields of jsonl") {
  Reading reading("csv",
                  ",text,label,meta.lang,quality.votes,quality.len,options,who\n"
                  "0,good,yes,de,3,,\"[\"\"yes\"\", \"\"no\"\"]\",ann\n"
                  "1,bad,no,,4,2.5,\"[\"\"yes\"\", \"\"no\"\"]\",\n");
  reading.config.fields.context = "text";
  reading.config.fields.target = "label";
  reading.config.fields.choices = "options";
  reading.config.fields.client = "who";
  reading.config.fields.attributes = {"meta.lang"};
  const auto rows = reading.rows();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].context == "good");
  CHECK(rows[0].choices == std::vector<std::string>{"yes", "no"});
  CHECK(rows[0].quality == std::map<std::string, double>{{"votes", 3.0}});
  CHECK(rows[1].quality == std::map<std::string, double>{{"len", 2.5}, {"votes", 4.0}});
  CHECK(rows[0].attributes == std::map<std::string, std::string>{{"meta.lang", "de"}});
  CHECK(rows[1].attributes.empty());
  CHECK(rows[0].client == std::optional<std::string>("ann"));
  CHECK_FALSE(rows[1].client.has_value());
  CHECK(reading.report.notes.empty());
}

TEST_CASE("csv: fields may share a column") {
  Reading answers("csv", "target,answers\na,\"[\"\"a\"\", \"\"b\"\"]\"\nc,\n");
  answers.config.fields.choices = "answers";
  answers.config.fields.references = "answers";
  const auto rows = answers.rows();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].choices == std::vector<std::string>{"a", "b"});
  CHECK(rows[0].references == rows[0].choices);
  CHECK(rows[1].choices.empty());

  Reading nested("csv", "target,q.options,q.votes\na,\"[\"\"a\"\"]\",2\na,,3\n");
  nested.config.fields.choices = "q.options";
  nested.config.fields.quality = "q";
  CHECK(nested.rows().at(0).choices == std::vector<std::string>{"a"});
  CHECK(nested.rows().at(0).quality == std::map<std::string, double>{{"votes", 2.0}});
  CHECK(nested.rows().at(1).quality == std::map<std::string, double>{{"votes", 3.0}});

  Reading unlike("csv", "target,answers\na,\"[\"\"a\"\"]\"\n");
  unlike.config.fields.choices = "answers";
  unlike.config.fields.quality = "answers";
  CHECK(unlike.error() ==
        "data:2: field \"answers\" is an array; an object of numbers was expected");
}

TEST_CASE("csv: bad rows name their line, a broken structure is always an error") {
  const std::string header = "instruction,target\n";
  CHECK(Reading("csv", header + "a,b\n\"x\ny\",z\nq,r,s\n").error() ==
        "data:5: has 3 cells; the header has 2 (the separator is \",\")");
  CHECK(Reading("csv", header + "a\n").error() ==
        "data:2: has 1 cells; the header has 2 (the separator is \",\")");
  CHECK(Reading("csv", header + "a,\n").error() ==
        "data:2: the target is empty; a text that the model is to learn was expected");
  CHECK(Reading("csv", header + "\"a\"b,c\n").error() ==
        "data:2: there is text after the closing quote of cell 1; a quote inside a quoted cell is "
        "written twice");
  CHECK(Reading("csv", header + "a,\xC3(\n").error() ==
        "data:2: invalid UTF-8 at byte 1 of cell 2; the file must be UTF-8");
  CHECK(Reading("csv", "target,quality.q\nt,high\n").error() ==
        "data:2: column \"quality.q\" is \"high\"; a finite number was expected");
  for (const std::string score : {"nan", "inf", "-inf", "1e999"}) {
    CHECK(Reading("csv", "target,quality.q\nt," + score + "\n").error() ==
          "data:2: column \"quality.q\" is \"" + score + "\"; a finite number was expected");
  }
  CHECK(Reading("csv", "target,quality.q\nt," + std::string(39, '1') + "\xC3\xA4\xC3\xA4\n")
            .error() == "data:2: column \"quality.q\" is \"" + std::string(38, '1') +
                            "..\"; a finite number was expected");
  CHECK(Reading("csv", "target,choices\nt,t or u\n").error() ==
        "data:2: column \"choices\" must hold JSON, like [\"yes\", \"no\"]; data.labels gives all "
        "rows the same choices, and data.fields.choices = \"\" passes the column over");
  CHECK(
      Reading("csv", "target,quality\nt,5\n").error() ==
      "data:2: column \"quality\" must hold JSON, like {\"votes\": 3}; data.fields.quality = \"\" "
      "passes the column over");
  Reading open("csv", header + "a,b\nc,\"d\n\ne,f\n");
  open.config.max_bad_lines = 10;
  CHECK(open.error() ==
        "data:3: the quote that begins in line 3 has no end; a quote inside a quoted cell is "
        "written twice");
}

TEST_CASE("csv: the separator is the one that the header has most of outside quotes") {
  for (const std::string text : {
           "instruction;target;\"note, x, y, z\"\na;b;c\n",
           "instruction;target;note, x\na;b;c\n",
           "\n\ninstruction;target;\"a\n\"\"b\"\",,,,\"\na;b;c\n",
           "sep=;\ninstruction;target,x\na;b\n",
           "\xEF\xBB\xBFsep=;\r\ninstruction;target\r\na;b\r\n",
           "instruction,target,\"a;b;c;d\"\na,b,c\n",
           "instruction,target;x\na,b\n",
           "sep=\t\ninstruction\ttarget\na\tb\n",
           "sep=|\ninstruction|target\na|b\n",
       }) {
    CAPTURE(text);
    Reading reading("csv", text);
    if (text.find("target,x") != text.npos) reading.config.fields.target = "target,x";
    if (text.find("target;x") != text.npos) reading.config.fields.target = "target;x";
    const auto rows = reading.rows();
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].instruction == "a");
    CHECK(rows[0].target == "b");
  }
  CHECK(Reading("csv", "instruction;target\na;b;c\n").error() ==
        "data:2: has 3 cells; the header has 2 (the separator is \";\")");
  CHECK(Reading("tsv", "instruction\ttarget\na\n").error() ==
        "data:2: has 1 cells; the header has 2 (the separator is tab)");
  CHECK(Reading("tsv", "sep=\t\ninstruction\ttarget\na\tb\n").rows().size() == 1);
}

TEST_CASE("csv: a header that does not fit") {
  CHECK(Reading("csv", "text,labels\na,b\n").error() ==
        "data:1: the header has no column \"target\" (the target); it has: text, labels (the "
        "separator is \",\"); data.fields.target can name another column");
  CHECK(Reading("csv", "target,a,a\n").error() == "data:1: the header has the column \"a\" twice");
  CHECK(Reading("csv", "instruction\ttarget\na\tb\n").error() ==
        "data:1: the header has more tabs than commas or semicolons; format = \"tsv\" reads it");
  CHECK(Reading("csv", "").error() == "data: the file is empty; at least one example was expected");
  CHECK(Reading("csv", "instruction,target\n").error() ==
        "data: no usable example in 1 lines (0 bad, the others blank)");
}

TEST_CASE("csv: targets that are numbers become labels") {
  Reading reading("csv", "context,target\na,0\nb,1.0\nc,good\n");
  reading.config.labels = {"bad", "good"};
  const auto rows = reading.rows();
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].target == "bad");
  CHECK(rows[1].target == "good");
  CHECK(rows[2].target == "good");
  CHECK(rows[0].choices == std::vector<std::string>{"bad", "good"});
}
