#pragma once

#include "support/raw_zip.hpp"

#include <map>
#include <string>

namespace learndock::testing {

inline constexpr const char* kManifestText =
    "name: two features\n"
    "model:\n"
    "  class_name: MyModel\n"
    "  module_path: __init__.py\n"
    "  kwargs: {depth: 3}\n"
    "stat_specifications:\n"
    "- module_path: learnware.specification\n"
    "  class_name: RKMETableSpecification\n"
    "  file_name: stat_spec.json\n"
    "  kwargs: {}\n";
inline constexpr const char* kStatisticalText =
    R"({"z":[[0.5,1.5],[-2.0,0.25]],"beta":[0.75,0.25],"gamma":0.1,"num_points":40,"type":"RKMETableSpecification"})";
inline constexpr const char* kSemanticText =
    R"({"Data":{"Values":["Table"],"Type":"Class"},"Task":{"Values":["Classification"],"Type":"Class"},)"
    R"("Library":{"Values":["Scikit-learn"],"Type":"Class"},"Scenario":{"Values":["Business"],"Type":"Tag"},)"
    R"("License":{"Values":["MIT"],"Type":"Class"},"Name":{"Values":"two","Type":"String"},)"
    R"("Description":{"Values":"an example","Type":"String"},)"
    R"("Input":{"Dimension":2,"Description":{"0":"a","1":"b"}},"Output":{"Dimension":2,"Description":{"0":"no","1":"yes"}}})";

/// The files of a package that passes every check.
inline std::map<std::string, std::string> example_files() {
  return {{"learnware.yaml", kManifestText},
          {"__init__.py", "class MyModel:\n    pass\n"},
          {"stat_spec.json", kStatisticalText},
          {"semantic_specification.json", kSemanticText},
          {"requirements.txt", "numpy==1.26.4\n"}};
}

inline RawZip raw_zip_of(const std::map<std::string, std::string>& files, bool deflated = true) {
  RawZip zip;
  for (const auto& [name, content] : files) zip.entries.push_back(raw_file(name, content, deflated));
  return zip;
}

inline RawZip example_zip() { return raw_zip_of(example_files()); }

}  // namespace learndock::testing
