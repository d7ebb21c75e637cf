; A floppy of kernels in 16-bit real-mode code: a boot sector, and behind it what it loads. For each kernel it sends the lines
; "NAME begins" and "NAME CHECKSUM" to the serial port, ROUNDS times, and then "end"; it leaves by the exit port 0xF4 of QEMU's
; isa-debug-exit. Assembled by nasm -f bin.
        bits    16
        org     0x7C00

ROUNDS  equ     5
STACK   equ     0x1000          ; segments
DATA    equ     0x2000
MORE    equ     0x3000
PORT    equ     0x3F8

start:  jmp     0:.here
.here:  xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     bx, STACK
        mov     ss, bx
        mov     sp, 0xFFF0
        mov     ax, 0x0200 + SECTORS
        mov     bx, main
        mov     cx, 2
        xor     dh, dh
        int     0x13
        jnc     main
halt:   hlt
        jmp     halt
        times   510 - ($ - $$) db 0
        dw      0xAA55

main:   cld
        mov     si, kernels
.kernel:
        mov     cx, ROUNDS
.round: push    cx
        push    si
        mov     si, [si]
        push    si
        call    print
        mov     si, begins
        call    print
        pop     si
        pop     bx
        push    bx
        push    si
        push    ds
        call    [bx + 2]
        pop     ds
        pop     si
        push    ax
        call    print
        pop     ax
        call    hex
        mov     si, line
        call    print
        pop     si
        pop     cx
        loop    .round
        add     si, 4
        cmp     word [si], 0
        jne     .kernel
        mov     si, over
        call    print
        mov     dx, 0xF4
        mov     al, 0x10
        out     dx, al
        jmp     halt

kernels dw      .n1, sieve, .n2, crc16, .n3, crc32, .n4, fib, .n5, list, .n6, sort, .n7, words, 0
.n1     db      "sieve", 0
.n2     db      "crc16", 0
.n3     db      "crc32", 0
.n4     db      "fib", 0
.n5     db      "list", 0
.n6     db      "sort", 0
.n7     db      "words", 0
begins  db      " begins"
line    db      13, 10, 0
over    db      "end", 13, 10, 0

; Sends the text at SI.
print:  lodsb
        or      al, al
        jz      .end
        call    send
        jmp     print
.end:   ret

; Sends a blank and AX as four digits.
hex:    mov     bx, ax
        mov     al, ' '
        call    send
        mov     cx, 4
.digit: rol     bx, 4
        mov     al, bl
        and     al, 15
        add     al, '0'
        cmp     al, '9'
        jbe     .send
        add     al, 'a' - '9' - 1
.send:  call    send
        loop    .digit
        ret

; Sends AL.
send:   push    dx
        mov     ah, al
        mov     dx, PORT + 5
.busy:  in      al, dx
        test    al, 0x20
        jz      .busy
        mov     dx, PORT
        mov     al, ah
        out     dx, al
        pop     dx
        ret

; The sieve of Eratosthenes, a byte for each odd number up to 64 Ki; AX: the number of primes, added up.
sieve:  mov     ax, DATA
        mov     es, ax
        xor     bp, bp
        mov     dx, 1500
.again: xor     di, di
        mov     cx, 0x4000
        mov     ax, 0x0101
        rep     stosw
        mov     si, 1           ; stands for 3
        xor     bx, bx
.next:  cmp     byte [es:si], 0
        je      .no
        inc     bx
        mov     ax, si
        add     ax, si
        inc     ax              ; the prime
        mov     di, si
        add     di, ax
        jc      .no
.strike:
        cmp     di, 0x8000
        jae     .no
        mov     byte [es:di], 0
        add     di, ax
        jnc     .strike
.no:    inc     si
        cmp     si, 0x8000
        jb      .next
        add     bp, bx
        dec     dx
        jnz     .again
        mov     ax, bp
        ret

; A CRC of 16 bits, bit by bit, over 60,000 bytes.
crc16:  mov     ax, MORE
        mov     ds, ax
        mov     dx, 200
        mov     ax, 0xFFFF
.again: xor     si, si
.byte:  xor     ah, [si]
        mov     cx, 8
.bit:   shl     ax, 1
        jnc     .none
        xor     ax, 0x1021
.none:  loop    .bit
        add     [si], al
        inc     si
        cmp     si, 60000
        jb      .byte
        dec     dx
        jnz     .again
        ret

; The CRC of 32 bits by a table, in registers of 32 bits as compilers have them in real mode.
crc32:  mov     ax, DATA
        mov     ds, ax
        xor     ecx, ecx
.table: mov     eax, ecx
        mov     dl, 8
.bit:   shr     eax, 1
        jnc     .none
        xor     eax, 0xEDB88320
.none:  dec     dl
        jnz     .bit
        mov     [ecx * 4], eax
        inc     cx
        cmp     cx, 256
        jb      .table
        mov     edx, 1500
        mov     eax, -1
.again: mov     esi, 0x400
.byte:  movzx   ebx, byte [esi]
        xor     bl, al
        shr     eax, 8
        xor     eax, [ebx * 4]
        mov     [esi], al
        inc     esi
        cmp     esi, 0xF000
        jb      .byte
        dec     edx
        jnz     .again
        mov     ebx, eax
        shr     ebx, 16
        xor     ax, bx
        ret

; Fibonacci numbers by recursion, with arguments on the stack and a frame.
fib:    mov     cx, 60
        xor     dx, dx
.again: push    24
        call    .number
        add     sp, 2
        add     dx, ax
        loop    .again
        mov     ax, dx
        ret
.number:
        push    bp
        mov     bp, sp
        push    bx
        mov     ax, [bp + 4]
        cmp     ax, 2
        jb      .end
        dec     ax
        push    ax
        call    .number
        add     sp, 2
        mov     bx, ax
        mov     ax, [bp + 4]
        sub     ax, 2
        push    ax
        call    .number
        add     sp, 2
        add     ax, bx
.end:   pop     bx
        leave
        ret

; Far pointers: a list over several segments is followed with LES, and a far procedure called for each of its nodes.
list:   mov     bx, 0
        mov     dx, DATA
        mov     cx, 2000
.make:  mov     es, dx
        mov     [es:bx + 4], cx
        mov     ax, bx
        mov     si, dx
        add     bx, 22          ; the next node: in this segment, or the next
        cmp     bx, 0x800
        jb      .here
        xor     bx, bx
        add     dx, 0x123
.here:  mov     di, ax
        mov     [es:di], bx
        mov     [es:di + 2], dx
        loop    .make
        mov     [es:di], cx
        mov     [es:di + 2], cx
        mov     dx, 3000
        xor     ax, ax
.again: les     bx, [cs:.first]
.node:  call    0:.add
        les     bx, [es:bx]
        mov     cx, es
        or      cx, bx
        jnz     .node
        dec     dx
        jnz     .again
        ret
.first  dw      0, DATA
.add:   rol     ax, 1
        add     ax, [es:bx + 4]
        retf

; Insertion sort of words.
sort:   mov     ax, MORE
        mov     ds, ax
        mov     dx, 160
.again: xor     bx, bx
        mov     ax, dx
        mov     cx, 2000
.fill:  imul    ax, ax, 25173
        add     ax, 13849
        mov     [bx], ax
        add     bx, 2
        loop    .fill
        mov     si, 2
.outer: mov     ax, [si]
        mov     di, si
.inner: cmp     [di - 2], ax
        jbe     .place
        mov     cx, [di - 2]
        mov     [di], cx
        sub     di, 2
        jnz     .inner
.place: mov     [di], ax
        add     si, 2
        cmp     si, 4000
        jb      .outer
        dec     dx
        jnz     .again
        xor     ax, ax
        xor     bx, bx
.sum:   rol     ax, 1
        xor     ax, [bx]
        add     bx, 2
        cmp     bx, 4000
        jb      .sum
        ret

; Words of a text: LODSB, a table of letters with XLAT, and pushed counts.
words:  mov     ax, MORE
        mov     ds, ax
        xor     bx, bx
        mov     cx, 256
.fill:  mov     al, bl
        and     al, 7
        mov     [bx], al
        inc     bx
        loop    .fill
        xor     dx, dx
        mov     cx, 1500
.again: mov     si, 0x100
        push    cx
        xor     bx, bx
        mov     cx, 40000
.byte:  lodsb
        add     al, cl
        xlat
        test    al, al
        jnz     .letter
        push    dx
        inc     word [0x80]
        pop     dx
        inc     dx
.letter:
        adc     dl, al
        loop    .byte
        pop     cx
        loop    .again
        mov     ax, dx
        ret

SECTORS equ     ($ - main + 511) / 512
        times   1474560 - ($ - $$) db 0
