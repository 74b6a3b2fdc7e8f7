-- What a Teal of user_version 4 wrote: with the id of the store and the numbers of events that are spoken for.
-- Never changed: a store like this opens for ever.
CREATE TABLE deployments (
  number INTEGER PRIMARY KEY, service TEXT NOT NULL, created INTEGER NOT NULL,
  spec TEXT NOT NULL, age INTEGER NOT NULL DEFAULT 0);
CREATE TABLE events (
  deployment INTEGER NOT NULL, sequence INTEGER NOT NULL, age INTEGER NOT NULL,
  at INTEGER NOT NULL, event TEXT NOT NULL,
  PRIMARY KEY (deployment, sequence)) WITHOUT ROWID;
CREATE TABLE services (name TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE keys (
  key TEXT PRIMARY KEY, digest TEXT NOT NULL, deployment INTEGER NOT NULL,
  at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE evidence (
  deployment INTEGER NOT NULL, part INTEGER NOT NULL, text TEXT NOT NULL,
  PRIMARY KEY (deployment, part)) WITHOUT ROWID;
CREATE TABLE secrets (
  name TEXT PRIMARY KEY, value TEXT NOT NULL, since INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO deployments VALUES(1,'shop',1795932722008,
  '{"id":"d-1","service":"shop","kind":0,"colour":"green","revision":"v2","replaces":"v1","targets":["127.0.0.1:18003"],"replaced_targets":["127.0.0.1:18001"],"deploy":{"plan":{"name":"AllAtOnce","steps":[]},"on_failure":true,"on_alarm":true,"on_request":true,"alarms":[{"name":"pager","over_ms":30000,"minimum_requests":50,"observe":false,"kind":"external"}],"block_on_firing_alarm":false,"minimum_is_percent":true,"minimum":100,"healthy_deadline_ms":600000,"not_enough_evidence":0,"evidence_deadline_ms":3600000,"exposure_budget":0,"keep_old_ms":600000},"minimum_healthy":1,"has_baseline":true,"way":0,"rollback_of":"","why":""}',0);
INSERT INTO deployments VALUES(2,'api',1795932722092,
  '{"id":"d-2","service":"api","kind":0,"colour":"green","revision":"v2","replaces":"v1","targets":["127.0.0.1:18004"],"replaced_targets":["127.0.0.1:18002"],"deploy":{"plan":{"name":"custom","steps":[{"set_weight":1000},{"bake_ms":3600000},{"gate":"approval","on_timeout":0,"timeout_ms":3600000}]},"on_failure":true,"on_alarm":true,"on_request":true,"alarms":[{"name":"errors","over_ms":30000,"minimum_requests":50,"observe":false,"kind":"error_rate","op":0,"limit":"0.01"},{"name":"slow","over_ms":30000,"minimum_requests":50,"observe":true,"kind":"latency","quantile":"0.99","op":0,"limit":"250"},{"name":"worse","over_ms":30000,"minimum_requests":50,"observe":false,"kind":"compare","what":0,"tolerance":"1.5","confidence":"0.999","certify":"0.95"}],"block_on_firing_alarm":false,"minimum_is_percent":true,"minimum":100,"healthy_deadline_ms":600000,"not_enough_evidence":0,"evidence_deadline_ms":3600000,"exposure_budget":20,"keep_old_ms":600000},"minimum_healthy":1,"has_baseline":true,"way":0,"rollback_of":"","why":""}',5008);
INSERT INTO events VALUES(1,1,0,1795932722008,'{"event":"begin"}');
INSERT INTO events VALUES(1,2,12,1795932722020,'{"event":"health","healthy":1,"unhealthy":0,"unknown":0}');
INSERT INTO events VALUES(1,3,31,1795932722040,'{"event":"applied","shift":1,"took_us":15796}');
INSERT INTO events VALUES(2,1,0,1795932722092,'{"event":"begin"}');
INSERT INTO events VALUES(2,2,1,1795932722093,'{"event":"health","healthy":1,"unhealthy":0,"unknown":0}');
INSERT INTO events VALUES(2,3,9,1795932722102,'{"event":"applied","shift":1,"took_us":8106}');
INSERT INTO services VALUES('api',
  '{"name":"api","live":"blue","green_weight":1000,"version":3,"blue":{"revision":"v1","retiring":false,"targets":[{"address":"127.0.0.1:18002","draining":false}]},"green":{"revision":"v2","retiring":false,"targets":[{"address":"127.0.0.1:18004","draining":false}]},"firing":{}}');
INSERT INTO services VALUES('shop',
  '{"name":"shop","live":"green","green_weight":10000,"version":3,"blue":{"revision":"v1","retiring":false,"targets":[{"address":"127.0.0.1:18001","draining":false}]},"green":{"revision":"v2","retiring":false,"targets":[{"address":"127.0.0.1:18003","draining":false}]},"kept":"blue","kept_until":1795933322040,"firing":{"pager":"checkout is down"}}');
INSERT INTO keys VALUES('build-1','28fa3f84e7f2e1d6-5fb5d6ae2eb8cd27',1,1795932722008);
INSERT INTO evidence VALUES(1,0,
  '{"steps":[],"courses":[],"release_samples":[],"live_samples":[],"readings":[],"dropped":0,"alarms":[{"name":"pager","condition":"external","observed":false,"verdict":"not_enough_evidence","detail":"nothing was judged yet"}],"closed":false,"losses":0}');
INSERT INTO evidence VALUES(2,0,
  '{"steps":[{"step":0,"weight":1000,"table":5,"since":9000,"slower_than":[],"slower_shares":[],"overdue":250000,"restarts":0,"release":[0,0],"live":[0,0],"release_slow":[],"live_slow":[]}],"courses":[{"alarm":"worse","points":[[67000,1.0000000000000002,1.0,0,0],[171000,1.0000000000000002,1.0,0,0]],"verdict":"not enough evidence: errors: 0 of 0 against 0 of 0 requests, about 4470 more requests needed","breached_at":-1}],"release_samples":[],"live_samples":[],"readings":[[67000,[0,0],[0,0]],[171000,[0,0],[0,0]]],"dropped":0,"alarms":[{"name":"errors","condition":"error_rate > 1% over 30s","observed":false,"verdict":"not_enough_evidence","detail":"0 of 50 requests"},{"name":"slow","condition":"latency_p99 > 250ms over 30s","observed":true,"verdict":"not_enough_evidence","detail":"0 of 50 requests"},{"name":"worse","condition":"errors at most 1.5 times the live group''s (confidence 0.999)","observed":false,"verdict":"not_enough_evidence","detail":"errors: 0 of 0 against 0 of 0 requests, about 4470 more requests needed","comparison":{"outcome":0,"log_e":1.8041124150158794e-16,"log_e_needed":6.907755278982136,"certificate_log_e":1.1102230246251565e-16,"certificate_log_e_needed":3.0470255679415406,"tolerance":1.5,"ratio_low":null,"ratio_high":null,"release":{"bad":0,"total":0},"live":{"bad":0,"total":0},"waiting":0,"overdue":0,"left_out":0,"more_requests":4470}}],"closed":true,"losses":0}');
INSERT INTO secrets VALUES('sticky.key','0101010101010101010101010101010101010101010101010101010101010101',1795932720073);
INSERT INTO secrets VALUES('sticky.salt','0202020202020202020202020202020202020202020202020202020202020202',1795932720073);
CREATE TABLE identity (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO identity VALUES('events','1000');
INSERT INTO identity VALUES('id','0a1b2c3d');
PRAGMA application_id = 1413824844;
PRAGMA user_version = 4;
