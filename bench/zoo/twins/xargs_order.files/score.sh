
awk -v n="$1" 'BEGIN { for (i = 0; i < 300000; i++) s += i % 7; print n, s + n }'
