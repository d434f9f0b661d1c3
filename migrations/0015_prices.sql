-- What a package costs the customer, for forecasts until there are bills, and the package that a customer gets when his time runs out.

ALTER TABLE packages ADD COLUMN retail_price_minor BIGINT CHECK (retail_price_minor >= 0);
ALTER TABLE customers ADD COLUMN next_package_id BIGINT REFERENCES packages (id);
-- The end of what he had paid for when it was said; a renewal before then does not put it off.
ALTER TABLE customers ADD COLUMN next_package_at BIGINT;
CREATE INDEX customers_next_package ON customers (next_package_at) WHERE next_package_id IS NOT NULL;
