; A DOS program that shows 320x200 in 256 colours (BIOS mode 13h): its own palette, a pattern in every dot of the screen, a
; frame drawn by string instructions, and a key to end it.
        org     100h

        mov     ax, 0013h
        int     10h

        ; Palette: red rises, green falls, blue rises twice. The DAC takes 6 bits a colour (port 3C8h: index, 3C9h: values).
        xor     bx, bx
        mov     dx, 3C8h
        mov     al, 0
        out     dx, al
        inc     dx
palette:
        mov     al, bl
        shr     al, 2
        out     dx, al
        xor     al, 3Fh
        out     dx, al
        mov     al, bl
        shr     al, 1
        and     al, 3Fh
        out     dx, al
        inc     bl
        jnz     palette

        ; Every dot: (x xor y) as colour.
        mov     ax, 0A000h
        mov     es, ax
        cld
        xor     di, di
        xor     dx, dx                  ; y
row:    xor     cx, cx                  ; x
dot:    mov     al, cl
        xor     al, dl
        stosb
        inc     cx
        cmp     cx, 320
        jb      dot
        inc     dx
        cmp     dx, 200
        jb      row

        ; A frame of colour 255, two dots wide.
        mov     ax, 0FFFFh
        xor     di, di
        mov     cx, 320
        rep     stosw
        mov     cx, 320
        mov     di, 198 * 320
        rep     stosw
        mov     di, 2 * 320
        mov     cx, 196
sides:  stosw
        add     di, 316
        stosw
        loop    sides

        xor     ax, ax
        int     16h                     ; any key
        mov     ax, 0003h
        int     10h
        mov     ax, 4C00h
        int     21h
