// A user for the read API, who may read the collections and nothing else. Run it with an administrator's rights:
//
//   mongosh "mongodb://admin@localhost:27017/shop?authSource=admin" docs/roles/mongodb.js
//
// in the database of the collections; then give the API mongodb://vitrine_reader:<password>@localhost:27017/shop.
// Run again, it sets the password and the rights anew.
const reader = {
  pwd: passwordPrompt(),
  roles: [{ role: "read", db: db.getName() }],
};
if (db.getUser("vitrine_reader")) {
  db.updateUser("vitrine_reader", reader);
} else {
  db.createUser({ user: "vitrine_reader", ...reader });
}
