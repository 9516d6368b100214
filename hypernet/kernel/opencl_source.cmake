# The text of SOURCE as a C array in OUTPUT, for the driver's compiler.
file(READ ${SOURCE} text HEX)
string(REGEX REPLACE "(..)" "0x\\1," text "${text}")
file(WRITE ${OUTPUT} "static const char opencl_source[] = { ${text} };\n")
