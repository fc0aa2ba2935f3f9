// validate: checks and explains profiles, scenarios and object definitions; sends nothing.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "profiles/yaml.h"

namespace cli {

// lwm2m-sim validate FILE... [--expand] [--json] [--objects PATH]...
struct ValidateOptions {
    std::vector<std::string> files;    // profiles, scenarios, object definitions (.xml too), or names in the catalog
    std::vector<std::string> objects;  // definitions to know beside the built-in ones: files or folders
    bool expand = false;               // print what `extends`, variables and defaults make of each file
    bool json = false;                 // one JSON object instead of text
    bool strict = false;               // a warning is as bad as an error
    profiles::Environment environment;
};

// Prints a line for each file that is right, and all errors and warnings of all files. With `expand`, each profile is
// printed whole as YAML, the resources that its devices have as comments below. Returns 0 when all is right (warnings
// matter under `strict` alone), 2 otherwise.
//
// JSON: {"ok": false, "errors": 1, "warnings": 0, "files": [{"file", "kind": "profile" | "scenario" | "objects", "ok",
// "name", "summary", "expanded"}], "diagnostics": [{"severity", "file", "line", "column", "message", "hint"}]}; line
// and column are null where the file as a whole is meant.
int run_validate(const ValidateOptions& options, std::ostream& out, std::ostream& err);

}  // namespace cli
