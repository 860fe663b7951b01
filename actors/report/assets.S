/* Files that are part of the program, byte for byte; CMakeLists.txt says where they are found. */
.macro asset name, file
  .global lorafleet_\name\()_begin
  .global lorafleet_\name\()_end
lorafleet_\name\()_begin:
  .incbin "\file"
lorafleet_\name\()_end:
  .byte 0
.endm

  .section .rodata
asset echarts, "third_party/echarts/echarts.lorafleet.min.js"
asset echarts_legal, "third_party/echarts/LICENCES.txt"
asset picture_js, "actors/report/page/picture.js"
asset report_js, "actors/report/page/report.js"
asset report_css, "actors/report/page/report.css"

#if defined(__linux__) && defined(__ELF__)
  .section .note.GNU-stack, "", %progbits
#endif
