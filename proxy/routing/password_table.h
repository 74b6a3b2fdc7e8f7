// PasswordTable: the files of users that the configuration names, as they were read last. What app/
// hands to the workers beside TlsTable.
//
// Made by the control thread; a snapshot that has changed is another one.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "net/password/password_file.h"

namespace teal::proxy {

/// By path; those that could not be read are missing.
using PasswordTable = std::map<std::string, std::shared_ptr<const net::PasswordFile>>;

}  // namespace teal::proxy
