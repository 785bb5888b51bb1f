/**
 * The shop in PostgreSQL, with the same guarantees: one stored function for each operation, one
 * transaction, replays by key, double entry, no overdraft, money and lots together.
 */
export const schema = `
create table players (id text primary key, balance bigint not null check (balance >= 0),
  version bigint not null default 1, password bytea);
create table entries (id bigserial primary key, player text not null references players,
  kind text not null, balance_after bigint not null, at timestamptz not null default now());
create table postings (entry bigint not null references entries, account text not null,
  amount bigint not null);
create index on postings (entry);
create index on entries (player, id);
create table requests (player text not null, key text not null, fingerprint text not null,
  status int not null, body jsonb not null, primary key (player, key));
create table items (sku text, version int, price bigint not null, kind text not null,
  primary key (sku, version));
create table orders (id uuid primary key default gen_random_uuid(), player text not null
  references players, status text not null, total bigint not null,
  expires timestamptz not null default now() + interval '15 minutes');
create index on orders (player);
create table order_lines (order_id uuid not null references orders, sku text not null,
  version int not null, price bigint not null, quantity int not null,
  refunded_quantity int not null default 0, refunded_amount bigint not null default 0,
  primary key (order_id, sku));
create table lots (id uuid primary key default gen_random_uuid(), order_id uuid not null
  references orders, player text not null, sku text not null, granted int not null,
  consumed int not null default 0, revoked int not null default 0,
  check (consumed + revoked <= granted));
create index on lots (order_id);

create function replay(p text, k text, f text, out status int, out body jsonb) as $$
declare known text;
begin
  select r.fingerprint, r.status, r.body into known, status, body
    from requests r where r.player = p and r.key = k;
  if known is not null and known <> f then
    status := 422; body := '{"code":"idempotency_key_reused"}';
  end if;
end $$ language plpgsql;

create function move(p text, what text, amount bigint, other text) returns bigint as $$
declare e bigint; b bigint;
begin
  update players set balance = balance + amount, version = version + 1 where id = p
    returning balance into b;
  insert into entries (player, kind, balance_after) values (p, what, b) returning id into e;
  if amount <> 0 then
    insert into postings values (e, 'player', amount), (e, other, -amount);
  end if;
  return b;
end $$ language plpgsql;

create function credit(p text, k text, f text, amount bigint, out status int, out body jsonb) as $$
declare b bigint;
begin
  perform 1 from players where id = p for update;
  if not found then status := 404; body := '{"code":"player_not_found"}'; return; end if;
  select * into status, body from replay(p, k, f);
  if status is not null then return; end if;
  b := move(p, 'CREDIT', amount, 'issuance');
  status := 201;
  body := jsonb_build_object('transaction_id', k, 'player_id', p, 'type', 'CREDIT', 'amount', amount,
    'sign', 1, 'currency', 'USD', 'balance_after', b, 'reason', 'BONUS', 'created_at', now());
  insert into requests values (p, k, f, status, body);
end $$ language plpgsql;

create function order_body(o uuid) returns jsonb as $$
  select jsonb_build_object('order_id', id, 'player_id', player, 'status', status, 'total', total,
    'currency', 'USD', 'expires_at', expires, 'lines', (select jsonb_agg(jsonb_build_object(
      'sku', sku, 'item_version', version, 'unit_price', price, 'quantity', quantity,
      'refunded_quantity', refunded_quantity, 'refunded_amount', refunded_amount))
      from order_lines where order_id = o)) from orders where id = o
$$ language sql;

create function order_create(p text, k text, f text, lines jsonb, out status int, out body jsonb) as $$
declare o uuid; line record; sum bigint := 0;
begin
  perform 1 from players where id = p for update;
  if not found then status := 404; body := '{"code":"player_not_found"}'; return; end if;
  select * into status, body from replay(p, k, f);
  if status is not null then return; end if;
  if (select count(*) from orders x where x.player = p and x.status = 'PENDING'
      and x.expires > now()) >= 100 then
    status := 409; body := '{"code":"limit_reached"}'; return;
  end if;
  insert into orders (player, status, total) values (p, 'PENDING', 0) returning id into o;
  for line in select l->>'sku' as sku, (l->>'quantity')::int as quantity
      from jsonb_array_elements(lines) l loop
    insert into order_lines (order_id, sku, version, price, quantity)
      select o, i.sku, i.version, i.price, line.quantity from items i where i.sku = line.sku
      order by version desc limit 1;
    if not found then raise exception 'unknown_item'; end if;
  end loop;
  select sum_ into sum from (select coalesce(sum(price * quantity), 0) as sum_ from order_lines
    where order_id = o) t;
  update orders set total = sum where id = o;
  perform move(p, 'ORDER_PENDING', 0, '');
  status := 201;
  body := order_body(o);
  insert into requests values (p, k, f, status, body);
end $$ language plpgsql;

create function order_complete(p text, k text, f text, o uuid, out status int, out body jsonb) as $$
declare found_ orders; b bigint;
begin
  select balance into b from players where id = p for update;
  select * into status, body from replay(p, k, f);
  if status is not null then return; end if;
  select * into found_ from orders where id = o and player = p for update;
  if not found then status := 404; body := '{"code":"order_not_found"}'; return; end if;
  if found_.status <> 'PENDING' or found_.expires <= now() then
    status := 409; body := '{"code":"order_not_pending"}'; return;
  end if;
  if b < found_.total then status := 402; body := '{"code":"insufficient_funds"}'; return; end if;
  perform move(p, 'ORDER', -found_.total, 'treasury');
  update orders set status = 'COMPLETED' where id = o;
  insert into lots (order_id, player, sku, granted)
    select o, p, sku, quantity from order_lines where order_id = o;
  status := 200;
  body := order_body(o);
  insert into requests values (p, k, f, status, body);
end $$ language plpgsql;

create function order_refund(p text, k text, f text, o uuid, out status int, out body jsonb) as $$
declare found_ orders; b bigint; amount bigint;
begin
  perform 1 from players where id = p for update;
  select * into status, body from replay(p, k, f);
  if status is not null then return; end if;
  select * into found_ from orders where id = o and player = p for update;
  if not found then status := 404; body := '{"code":"order_not_found"}'; return; end if;
  if found_.status <> 'COMPLETED' then
    status := 409; body := '{"code":"order_not_refundable"}'; return;
  end if;
  if exists (select 1 from lots where order_id = o and consumed + revoked > 0) then
    status := 422; body := '{"code":"refund_exceeds_remaining"}'; return;
  end if;
  select sum(price * quantity - refunded_amount) into amount from order_lines where order_id = o;
  b := move(p, 'ORDER_REFUND', amount, 'treasury');
  update order_lines set refunded_quantity = quantity, refunded_amount = price * quantity
    where order_id = o;
  update lots set revoked = granted where order_id = o;
  update orders set status = 'REFUNDED' where id = o;
  status := 201;
  body := jsonb_build_object('refund_id', k, 'order_id', o, 'amount', amount, 'order_status',
    'REFUNDED', 'balance_after', b, 'created_at', now());
  insert into requests values (p, k, f, status, body);
end $$ language plpgsql;

create function signup(p text, hash bytea, out status int, out body jsonb) as $$
begin
  insert into players (id, balance, password) values (p, 0, hash) on conflict do nothing;
  if not found then status := 409; body := '{"code":"username_taken"}'; return; end if;
  perform move(p, 'SIGNUP', 0, '');
  status := 200;
  body := jsonb_build_object('userId', p, 'status', 'Created');
end $$ language plpgsql;
`;
