# What the unit of the package has otherwise than config/teal.service, which is for whoever copies a binary.
1,2d
s,/usr/local/bin/teal,/usr/bin/teal,
s,^# A user of its own\, made at the start\. ,# A user of its own\, made by the package. ,
s,^DynamicUser=yes$,User=teal,
# Installed is not yet configured: the service waits for its file.
/^Wants=network-online.target$/a\
ConditionPathExists=/etc/teal/teal.yaml\
Documentation=man:teal-serve(8) man:teal.yaml(5) file:/usr/share/doc/teal
