# cmake -DCMAKE_TOOLCHAIN_FILE=.../sdk/share/toolchain.cmake
get_filename_component(POSIX_SDK "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
get_filename_component(POSIX_ROOT "${POSIX_SDK}/.." ABSOLUTE)
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER "${POSIX_SDK}/bin/x86_64-linux-musl-gcc")
# A project that does not name its languages asks for C++ as well, used or not:
# it is not tried out, and says that there is none when something needs it.
set(CMAKE_CXX_COMPILER "${POSIX_SDK}/bin/x86_64-linux-musl-g++")
set(CMAKE_CXX_COMPILER_ID_RUN TRUE)
set(CMAKE_CXX_COMPILER_FORCED TRUE)
set(CMAKE_AR "${POSIX_SDK}/bin/x86_64-linux-musl-ar" CACHE FILEPATH "")
set(CMAKE_RANLIB "${POSIX_SDK}/bin/x86_64-linux-musl-ranlib" CACHE FILEPATH "")
set(CMAKE_SYSROOT_LINK "${POSIX_ROOT}")
set(CMAKE_FIND_ROOT_PATH "${POSIX_ROOT}" "${POSIX_ROOT}/usr")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
# where a program finds its libraries has another name there than here
set(CMAKE_BUILD_RPATH_USE_ORIGIN ON)
