#include "control/sources/file_looks.h"

#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

#include <boost/asio/io_context.hpp>

#include "control/sources/trusted_file.h"
#include "tests/support/component_scripted_server.h"

namespace teal::control {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

std::string targets(const std::string& address, const std::string& revision = "v1") {
  return "[{\"targets\": [\"" + address + "\"], \"labels\": {\"revision\": \"" + revision + "\"}}]";
}

class FileFixture : public testing::Test {
 protected:
  FileFixture() {
    const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
    folder = fs::path(testing::TempDir()) /
             (std::string("teal-") + test->name() + '-' + std::to_string(::getpid()));
    fs::create_directories(folder);
    source.kind = config::DiscoverSource::Kind::file;
    source.revision = "v1";
    use("t.json");
  }
  ~FileFixture() override { fs::remove_all(folder); }

  void use(const std::string& last) { source.path = (folder / last).string(); }
  /// In place, as a hand or a careless program writes.
  fs::path write(const std::string& name, const std::string& text) {
    std::ofstream(folder / name) << text;
    ::chmod((folder / name).c_str(), 0644);
    return folder / name;
  }
  /// As careful programs do it.
  void replace(const std::string& name, const std::string& text) {
    const fs::path written = write("." + name + ".new", text);
    fs::rename(written, folder / name);
  }
  static Texts entries(const Finding& finding) {
    Texts texts;
    if (!finding.entries) return {"none"};
    for (const FoundTargetPlace& each : *finding.entries)
      texts.push_back(each.revision + ' ' + to_string(each.address));
    return texts;
  }

  fs::path folder;
  config::DiscoverSource source;
  const unsigned user = ::geteuid();
};

class FileLookTest : public FileFixture {
 protected:
  FileLook make() { return FileLook({"shop", source}, user); }
  static LookFault fault(const Finding& finding) {
    return finding.problems.empty() ? LookFault::timeout : finding.problems.front().fault;
  }
};

TEST_F(FileLookTest, FindsWhatTheFileNames) {
  write("t.json", targets("10.0.0.1:80", "v2"));
  const Finding finding = make().look();
  EXPECT_EQ(entries(finding), (Texts{"v2 10.0.0.1:80"}));
  EXPECT_TRUE(finding.problems.empty());
  EXPECT_EQ(finding.service, "shop");
}

TEST_F(FileLookTest, ABrokenFileKeepsWhatItSaidBefore) {
  write("t.json", targets("10.0.0.1:80"));
  FileLook look = make();
  look.look();
  write("t.json", targets("10.0.0.2:80").substr(0, 20));
  Finding finding = look.look();
  EXPECT_FALSE(finding.entries);
  EXPECT_EQ(fault(finding), LookFault::malformed);
  EXPECT_NE(finding.problems.front().text.find("t.json:1:"), std::string::npos);
  write("t.json", "[]");
  finding = look.look();
  EXPECT_EQ(entries(finding), Texts{});
  EXPECT_FALSE(finding.empty_because.empty());
}

TEST_F(FileLookTest, AFileThatIsGoneIsAFailure) {
  write("t.json", targets("10.0.0.1:80"));
  FileLook look = make();
  look.look();
  fs::remove(folder / "t.json");
  const Finding finding = look.look();
  EXPECT_FALSE(finding.entries);
  EXPECT_EQ(fault(finding), LookFault::missing);
}

TEST_F(FileLookTest, WhatOthersCanWriteIsNotBelieved) {
  const fs::path path = write("t.json", targets("10.0.0.1:80"));
  for (const mode_t mode : {0664, 0646, 0666}) {
    ::chmod(path.c_str(), mode);
    EXPECT_EQ(fault(make().look()), LookFault::unsafe) << mode;
  }
  ::chmod(path.c_str(), 0600);
  EXPECT_EQ(entries(make().look()), (Texts{"v1 10.0.0.1:80"}));
}

TEST_F(FileLookTest, OnlyRootAndTealsUserAreBelieved) {
  write("t.json", targets("10.0.0.1:80"));
  const TrustedFile file = read_trusted_file(source.path, 1000, user + 1);
  if (user == 0) {
    EXPECT_FALSE(file.problem) << "it is root's";
    if (::chown(source.path.c_str(), 12345, 0) != 0) GTEST_SKIP() << "may not give it away";
    EXPECT_EQ(read_trusted_file(source.path, 1000, 0).problem->fault, LookFault::unsafe);
    EXPECT_FALSE(read_trusted_file(source.path, 1000, 12345).problem);
  } else {
    ASSERT_TRUE(file.problem);
    EXPECT_EQ(file.problem->fault, LookFault::unsafe);
  }
}

TEST_F(FileLookTest, RefusesWhatIsTooLargeOrNoFile) {
  write("t.json", std::string(FileLook::kMaxBytes + 1, ' '));
  EXPECT_EQ(fault(make().look()), LookFault::unreadable);
  fs::remove(folder / "t.json");
  ASSERT_EQ(::mkfifo((folder / "t.json").c_str(), 0600), 0);
  EXPECT_EQ(fault(make().look()), LookFault::unreadable);
}

TEST_F(FileLookTest, APatternMeansSeveralFiles) {
  use("*.yml");
  write("a.yml", targets("10.0.0.1:80"));
  write("b.yml", targets("10.0.0.2:80", "v2"));
  write(".hidden.yml", targets("10.0.0.3:80"));
  write("c.json", targets("10.0.0.4:80"));
  EXPECT_EQ(entries(make().look()), (Texts{"v1 10.0.0.1:80", "v2 10.0.0.2:80"}));
}

TEST_F(FileLookTest, OneBrokenFileOfSeveralKeepsItsPart) {
  use("*.yml");
  write("a.yml", targets("10.0.0.1:80"));
  write("b.yml", targets("10.0.0.2:80"));
  FileLook look = make();
  look.look();
  write("a.yml", targets("10.0.0.9:80"));
  write("b.yml", "- nonsense");
  Finding finding = look.look();
  EXPECT_EQ(entries(finding), (Texts{"v1 10.0.0.2:80", "v1 10.0.0.9:80"}));
  EXPECT_EQ(fault(finding), LookFault::malformed);
  EXPECT_FALSE(finding.is_partial);
  fs::remove(folder / "b.yml");
  finding = look.look();
  EXPECT_EQ(entries(finding), (Texts{"v1 10.0.0.2:80", "v1 10.0.0.9:80"}));
  EXPECT_EQ(fault(finding), LookFault::missing);
}

TEST_F(FileLookTest, AFileThatWasEmptiedBeforeItWentIsForgotten) {
  use("*.yml");
  write("a.yml", targets("10.0.0.1:80"));
  const fs::path emptied = write("b.yml", targets("10.0.0.2:80"));
  FileLook look = make();
  look.look();
  write("b.yml", "[]");
  look.look();
  fs::remove(emptied);
  const Finding finding = look.look();
  EXPECT_EQ(entries(finding), (Texts{"v1 10.0.0.1:80"}));
  EXPECT_TRUE(finding.problems.empty());
}

TEST_F(FileLookTest, FilesUnderNewNamesForEverAreNotRememberedForEver) {
  use("*.yml");
  FileLook look = make();
  for (std::size_t i = 0; i < FileLook::kMaxRemembered; ++i) {
    const fs::path path = write(std::to_string(i) + ".yml", targets("10.0.0.1:80"));
    EXPECT_EQ(entries(look.look()), (Texts{"v1 10.0.0.1:80"}));
    fs::remove(path);
  }
  write("more.yml", targets("10.0.0.2:80"));
  const Finding finding = look.look();
  EXPECT_TRUE(finding.is_partial);
  EXPECT_EQ(fault(finding), LookFault::too_many);
}

TEST_F(FileLookTest, AFileThatNeverCouldBeReadTakesNothingAway) {
  use("*.yml");
  write("a.yml", targets("10.0.0.1:80"));
  write("b.yml", "- nonsense");
  const Finding finding = make().look();
  EXPECT_EQ(entries(finding), (Texts{"v1 10.0.0.1:80"}));
  EXPECT_TRUE(finding.is_partial);
}

TEST_F(FileLookTest, AFolderThatIsNotThereIsAFailure) {
  use("none/*.yml");
  const Finding finding = make().look();
  EXPECT_FALSE(finding.entries);
  EXPECT_EQ(fault(finding), LookFault::missing);
}

TEST_F(FileLookTest, NoFileAtAllIsAFailure) {
  use("*.yml");
  const Finding finding = make().look();
  EXPECT_FALSE(finding.entries);
  ASSERT_EQ(finding.problems.size(), 1U);
  EXPECT_EQ(fault(finding), LookFault::missing);
}

class FileLooksTest : public FileFixture {
 protected:
  void watch() { looks->watch({{"shop", source}}); }
  bool await(const Texts& texts) {
    return test::run_until(io, [&] {
      return std::ranges::any_of(findings,
                                 [&](const Finding& finding) { return entries(finding) == texts; });
    });
  }

  boost::asio::io_context io{1};
  std::vector<Finding> findings;
  std::unique_ptr<FileLooks> looks = make(FileLooks::kLook);
  std::unique_ptr<FileLooks> make(Millis every) {
    return std::make_unique<FileLooks>(
        io, user, [this](Finding finding) { findings.push_back(std::move(finding)); }, every);
  }
};

TEST_F(FileLooksTest, SeesAFileThatIsWrittenInPlace) {
  write("t.json", targets("10.0.0.1:80"));
  watch();
  EXPECT_TRUE(await({"v1 10.0.0.1:80"}));
  write("t.json", targets("10.0.0.2:80"));
  EXPECT_TRUE(await({"v1 10.0.0.2:80"}));
}

TEST_F(FileLooksTest, SeesARenameOverTheFile) {
  write("t.json", targets("10.0.0.1:80"));
  watch();
  replace("t.json", targets("10.0.0.2:80"));
  EXPECT_TRUE(await({"v1 10.0.0.2:80"}));
  for (const Finding& finding : findings) EXPECT_TRUE(finding.problems.empty());
}

/// A volume of a ConfigMap: t.json -> ..data/t.json, ..data -> a folder with a date, and the update
/// is a rename of ..data.
TEST_F(FileLooksTest, SeesASwitchOfKubernetesData) {
  const auto version = [&](const std::string& name, const std::string& text) {
    fs::create_directories(folder / name);
    write(name + "/t.json", text);
  };
  version("..2026_01", targets("10.0.0.1:80"));
  fs::create_symlink("..2026_01", folder / "..data");
  fs::create_symlink("..data/t.json", folder / "t.json");
  watch();
  EXPECT_TRUE(await({"v1 10.0.0.1:80"}));
  version("..2026_02", targets("10.0.0.2:80"));
  fs::create_symlink("..2026_02", folder / "..data_tmp");
  fs::rename(folder / "..data_tmp", folder / "..data");
  EXPECT_TRUE(await({"v1 10.0.0.2:80"}));
}

TEST_F(FileLooksTest, SeesThatAFileHasBecomeSafe) {
  const fs::path path = write("t.json", targets("10.0.0.1:80"));
  ::chmod(path.c_str(), 0664);
  watch();
  EXPECT_TRUE(await({"none"}));
  ::chmod(path.c_str(), 0644);
  EXPECT_TRUE(await({"v1 10.0.0.1:80"}));
}

TEST_F(FileLooksTest, LooksRegularlyWhereNothingIsTold) {
  looks = make(20ms);
  use("later/t.json");
  watch();
  EXPECT_TRUE(await({"none"}));
  fs::create_directories(folder / "later");
  write("later/t.json", targets("10.0.0.1:80"));
  EXPECT_TRUE(await({"v1 10.0.0.1:80"}));
}

TEST_F(FileLooksTest, WatchesAFolderThatComesLater) {
  looks = make(20ms);
  use("later/t.json");
  watch();
  EXPECT_TRUE(await({"none"}));
  fs::create_directories(folder / "later");
  write("later/t.json", targets("10.0.0.1:80"));
  EXPECT_TRUE(await({"v1 10.0.0.1:80"}));
  fs::remove_all(folder / "later");
  findings.clear();
  EXPECT_TRUE(await({"none"}));
  fs::create_directories(folder / "later");
  write("later/t.json", targets("10.0.0.2:80"));
  EXPECT_TRUE(await({"v1 10.0.0.2:80"}));
}

TEST_F(FileLooksTest, TheSameSourcesKeepWhatTheyKnow) {
  write("t.json", targets("10.0.0.1:80"));
  watch();
  EXPECT_TRUE(await({"v1 10.0.0.1:80"}));
  fs::remove(folder / "t.json");
  findings.clear();
  config::DiscoverSource other = source;
  other.path = write("o.json", targets("10.0.0.2:80")).string();
  looks->watch({{"shop", source}, {"other", other}});
  ASSERT_EQ(findings.size(), 1U) << "the new one only";
  EXPECT_EQ(findings[0].service, "other");
  looks->watch({});
  findings.clear();
  replace("o.json", targets("10.0.0.3:80"));
  for (int i = 0; i < 10; ++i) io.poll();
  EXPECT_TRUE(findings.empty());
}

}  // namespace
}  // namespace teal::control
