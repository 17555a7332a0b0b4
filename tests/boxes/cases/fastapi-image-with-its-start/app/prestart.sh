echo "prepared in $PWD"
