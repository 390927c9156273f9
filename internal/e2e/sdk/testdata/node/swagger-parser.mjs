// Validates documents against the schema and the rules of their version.
import SwaggerParser from "@apidevtools/swagger-parser";

for (const document of process.argv.slice(2)) {
  await SwaggerParser.validate(document);
}
