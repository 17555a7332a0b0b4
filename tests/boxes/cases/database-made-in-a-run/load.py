import csv,sqlite3,sys
db=sqlite3.connect(sys.argv[2]); db.execute("create table t(a,b)")
db.executemany("insert into t values(?,?)", list(csv.reader(open(sys.argv[1])))); db.commit()
