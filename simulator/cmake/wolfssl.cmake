# pkg::wolfssl: the TLS and crypto library, and what the copy at hand can do.
#
# Where it comes from, first match wins:
#   1. -DWOLFSSL_ROOT=DIR, a prefix with include/wolfssl and lib/libwolfssl.{a,so}
#   2. the tuned static build in the cache, made once by simulator/cmake/build-wolfssl.sh
#   3. Debian's own libwolfssl-dev, which works but lacks features and is slower; the message says which
#
# What it can do, as cache variables LWM2M_SIM_WOLFSSL_HAS_<FEATURE> (TRUE or FALSE) and, for the code, definitions
# LWM2M_SIM_WOLFSSL_HAS_<FEATURE>=0|1 on pkg::wolfssl:
#   AESCCM        AES-CCM in wolfCrypt, ECC and the certificate manager: needed by our security, so a library without
#                 is refused
#   AESNI         AES by the processor's instructions, chosen at run time
#   REPEATABLE    ECDSA of RFC 6979 or like it: a virtual run with certificates can be repeated
#   IP_NAMES      addresses in certificates are read: without it a server that is called by its address is refused
#   DTLS13        DTLS 1.3 with pre-shared keys and raw public keys: profiles that ask for it are refused without
#   DTLS13_CID    connection ids in it
#   TICKETS       sessions of DTLS 1.3 can be resumed
#   SECRETS       the secrets of a DTLS 1.3 session can be told to a capture
#   DROPS         it counts the records that it drops
# Handshakes of DTLS 1.2 are our own (net/dtls_*): what the library's own ones can do does not matter.

include(CheckCXXSourceCompiles)

set(WOLFSSL_ROOT "" CACHE PATH "Prefix of a wolfSSL to use instead of the cached or Debian's own")

if(WOLFSSL_ROOT)
  set(wolfssl_prefix "${WOLFSSL_ROOT}")
  set(wolfssl_source "given by WOLFSSL_ROOT")
else()
  execute_process(COMMAND "${CMAKE_CURRENT_LIST_DIR}/build-wolfssl.sh" --where
    OUTPUT_VARIABLE wolfssl_cached OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE wolfssl_where_failed)
  if(NOT wolfssl_where_failed AND EXISTS "${wolfssl_cached}/.complete")
    set(wolfssl_prefix "${wolfssl_cached}")
    set(wolfssl_source "tuned static build")
  else()
    set(wolfssl_prefix "")
    set(wolfssl_source "Debian's own")
  endif()
endif()

# Found anew each time: a cached build that appears later must win over what an earlier configure found.
unset(wolfssl_include CACHE)
unset(wolfssl_library CACHE)
if(wolfssl_prefix)
  find_path(wolfssl_include wolfssl/options.h PATHS "${wolfssl_prefix}/include" NO_DEFAULT_PATH)
  find_library(wolfssl_library NAMES libwolfssl.a wolfssl NO_DEFAULT_PATH
    PATHS "${wolfssl_prefix}/lib" "${wolfssl_prefix}/lib64" "${wolfssl_prefix}/lib/${CMAKE_LIBRARY_ARCHITECTURE}")
else()
  find_path(wolfssl_include wolfssl/options.h)
  find_library(wolfssl_library wolfssl)
endif()
mark_as_advanced(wolfssl_include wolfssl_library)
if(NOT wolfssl_include OR NOT wolfssl_library)
  if(wolfssl_prefix)
    message(FATAL_ERROR "No wolfSSL in ${wolfssl_prefix} (${wolfssl_source}): "
      "expected include/wolfssl/options.h and lib/libwolfssl.a or .so there.")
  endif()
  message(FATAL_ERROR "No wolfSSL found. Run simulator/cmake/build-wolfssl.sh (or ./quickstart) for the tuned build, "
    "install Debian's libwolfssl-dev, or give -DWOLFSSL_ROOT=PREFIX.")
endif()

file(STRINGS "${wolfssl_include}/wolfssl/version.h" wolfssl_version_line REGEX "LIBWOLFSSL_VERSION_STRING")
string(REGEX REPLACE ".*\"([^\"]+)\".*" "\\1" LWM2M_SIM_WOLFSSL_VERSION "${wolfssl_version_line}")

add_library(lwm2m_sim_pkg_wolfssl INTERFACE)
add_library(pkg::wolfssl ALIAS lwm2m_sim_pkg_wolfssl)
target_include_directories(lwm2m_sim_pkg_wolfssl SYSTEM INTERFACE "${wolfssl_include}")
target_link_libraries(lwm2m_sim_pkg_wolfssl INTERFACE "${wolfssl_library}" m Threads::Threads)

# The features are asked of the headers (options.h says how the library was built) and, where a function must exist,
# of the linker. The key is there so that another library at the same place, or other questions, are asked anew.
file(SHA256 "${wolfssl_include}/wolfssl/options.h" wolfssl_options_hash)
file(SHA256 "${CMAKE_CURRENT_LIST_FILE}" wolfssl_questions_hash)
set(wolfssl_key "${wolfssl_library} ${LWM2M_SIM_WOLFSSL_VERSION} ${wolfssl_options_hash} ${wolfssl_questions_hash}")
if(NOT wolfssl_key STREQUAL "${LWM2M_SIM_WOLFSSL_KEY}")
  foreach(feature AESCCM AESNI REPEATABLE IP_NAMES DTLS13 DTLS13_CID TICKETS SECRETS DROPS)
    unset(LWM2M_SIM_WOLFSSL_HAS_${feature} CACHE)
  endforeach()
  set(LWM2M_SIM_WOLFSSL_KEY "${wolfssl_key}" CACHE INTERNAL "The wolfSSL whose features were detected")
endif()

set(CMAKE_REQUIRED_INCLUDES "${wolfssl_include}")
set(CMAKE_REQUIRED_LIBRARIES "${wolfssl_library}" m Threads::Threads)
set(CMAKE_REQUIRED_QUIET ON)

# wolfssl_feature(NAME CONDITION STATEMENT): true when the preprocessor CONDITION holds and STATEMENT links.
function(wolfssl_feature name condition statement)
  check_cxx_source_compiles("
    #include <wolfssl/options.h>
    #include <wolfssl/ssl.h>
    #include <wolfssl/wolfcrypt/asn_public.h>
    #if !(${condition})
    #error absent
    #endif
    int main() { ${statement}; return 0; }" LWM2M_SIM_WOLFSSL_HAS_${name})
  if(LWM2M_SIM_WOLFSSL_HAS_${name})
    target_compile_definitions(lwm2m_sim_pkg_wolfssl INTERFACE LWM2M_SIM_WOLFSSL_HAS_${name}=1)
  else()
    set(LWM2M_SIM_WOLFSSL_HAS_${name} FALSE CACHE INTERNAL "wolfSSL has ${name}")
    target_compile_definitions(lwm2m_sim_pkg_wolfssl INTERFACE LWM2M_SIM_WOLFSSL_HAS_${name}=0)
  endif()
endfunction()

wolfssl_feature(AESCCM
  "defined(HAVE_AESCCM) && defined(HAVE_AESGCM) && defined(HAVE_AES_CBC) && defined(HAVE_ECC) && !defined(NO_CERTS)"
  "wolfSSL_CertManagerNew()")
if(NOT LWM2M_SIM_WOLFSSL_HAS_AESCCM)
  message(FATAL_ERROR "The wolfSSL at ${wolfssl_library} was built without AES-CCM, AES-GCM, AES-CBC, ECC or "
    "certificates. Build it with --enable-aesccm, or run simulator/cmake/build-wolfssl.sh.")
endif()
wolfssl_feature(AESNI "defined(WOLFSSL_AESNI) || defined(WOLFSSL_ARMASM)" "")
wolfssl_feature(REPEATABLE
  "defined(WOLFSSL_ECDSA_DETERMINISTIC_K) || defined(WOLFSSL_ECDSA_DETERMINISTIC_K_VARIANT)" "")
wolfssl_feature(IP_NAMES
  "defined(OPENSSL_ALL) || defined(WOLFSSL_QT) || defined(WOLFSSL_IP_ALT_NAME)" "")
wolfssl_feature(DTLS13
  "defined(WOLFSSL_DTLS13) && defined(WOLFSSL_SEND_HRR_COOKIE) && defined(HAVE_RPK) && !defined(NO_PSK)"
  "wolfSSL_CTX_new(wolfDTLSv1_3_server_method())")
wolfssl_feature(DTLS13_CID "defined(WOLFSSL_DTLS13) && defined(WOLFSSL_DTLS_CID)" "wolfSSL_dtls_cid_use(0)")
wolfssl_feature(TICKETS "defined(HAVE_SESSION_TICKET)" "wolfSSL_send_SessionTicket(0)")
wolfssl_feature(SECRETS "defined(HAVE_SECRET_CALLBACK)" "wolfSSL_set_tls13_secret_cb(0, 0, 0)")
wolfssl_feature(DROPS "defined(WOLFSSL_DTLS_DROP_STATS)" "wolfSSL_dtls_get_drop_stats(0, 0, 0)")

unset(CMAKE_REQUIRED_INCLUDES)
unset(CMAKE_REQUIRED_LIBRARIES)
unset(CMAKE_REQUIRED_QUIET)

set(wolfssl_lacks "")
foreach(pair "AESNI=AES instructions" "REPEATABLE=repeatable ECDSA" "IP_NAMES=addresses in certificates"
    "DTLS13=DTLS 1.3" "DTLS13_CID=its connection ids" "TICKETS=its session tickets"
    "SECRETS=its secrets for captures" "DROPS=its counts of dropped records")
  string(REGEX MATCH "^([^=]+)=(.*)$" matched "${pair}")
  if(NOT LWM2M_SIM_WOLFSSL_HAS_${CMAKE_MATCH_1})
    list(APPEND wolfssl_lacks "${CMAKE_MATCH_2}")
  endif()
endforeach()
list(JOIN wolfssl_lacks ", " wolfssl_lacks)
if(wolfssl_lacks STREQUAL "")
  set(wolfssl_lacks "nothing that we use")
endif()
message(STATUS "wolfSSL ${LWM2M_SIM_WOLFSSL_VERSION} (${wolfssl_source}): ${wolfssl_library}; lacks: ${wolfssl_lacks}")
if(wolfssl_source STREQUAL "Debian's own")
  message(STATUS "  it is slower; build-wolfssl.sh beside this builds one that has all")
endif()
