//! What the API's description of itself says besides what the handlers say.

use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{ContentBuilder, InfoBuilder, License, OpenApi, Ref};
use utoipa::{PartialSchema, ToSchema};

use crate::api::wire::{ErrorBody, ErrorDetail, ExportFormat, Order};

const ABOUT: &str = "Every front end of Switchboard is a client of this API. It is served on a unix socket that only \
its user can reach and, when asked for, on loopback TCP, where a token is needed.";

/// The description, with what is true of all operations (every error has one shape), and the words that
/// only queries use.
pub(super) fn finished(mut described: OpenApi) -> OpenApi {
    let license = License::builder().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build();
    described.info = InfoBuilder::new()
        .title("Switchboard")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(license))
        .build();
    let components = described.components.get_or_insert_default();
    components.schemas.insert(ErrorBody::name().into_owned(), ErrorBody::schema());
    components.schemas.insert(Order::name().into_owned(), Order::schema());
    components.schemas.insert(ExportFormat::name().into_owned(), ExportFormat::schema());
    components.schemas.insert(ErrorDetail::name().into_owned(), ErrorDetail::schema());
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(ErrorBody::name()))).build();
    let error = ResponseBuilder::new().description("It was refused, or could not be done.");
    let error = error.content("application/json", content).build();
    for item in described.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
        for operation in operations.into_iter().flatten() {
            operation.responses.responses.insert("default".to_owned(), error.clone().into());
        }
    }
    described
}
